"""What vLLM is sent, and what its ways of saying things become; seen at a real one first."""

import json
from typing import Any

import pytest

from qwen_vision.errors import QwenVisionError, RemoteError
from tests.engines.upstream.test_upstream import (
    ANSWER,
    answers,
    ask,
    chunk,
    picture,
    running,
    upstream,
    with_picture,
    writes,
)

FILM = "data:video/mp4;base64,AAAAIGZ0eXBpc29t"


async def sent(**fields: object) -> dict[str, Any]:
    """The body vLLM gets for a request."""
    async with running(answers()) as site:
        await ask(upstream(site.url, profile="vllm"), **fields)
    body: dict[str, Any] = json.loads(site.bodies[0])
    return body


async def test_a_thinking_budget_goes_under_vllms_name_and_only_to_a_thought() -> None:
    thinks = await sent(enable_thinking=True, thinking_budget=500)
    assert thinks["thinking_token_budget"] == 500
    assert "thinking_budget" not in thinks
    silent = await sent(enable_thinking=False, thinking_budget=500)
    assert "thinking_token_budget" not in silent
    assert "thinking_budget" not in silent


@pytest.mark.parametrize(
    ("model", "thinks"), [("qwen-vl-ocr", False), ("qwen3-vl-235b-a22b-thinking", True)]
)
async def test_models_without_a_choice_are_told_whether_they_think(
    model: str, thinks: bool
) -> None:
    # Else the server's parser takes an answer for a thought, or the other way round.
    body = await sent(model=model)
    assert body["chat_template_kwargs"] == {"enable_thinking": thinks}


@pytest.mark.parametrize(
    ("limits", "processor", "reader"),
    [
        ({"fps": 4}, {"fps": 4.0}, {"video": {"fps": 4.0}}),
        ({"total_pixels": 9_000_000}, {"max_pixels": 9_000_000}, None),
        # To vLLM this would be the size of all frames together.
        ({"max_pixels": 65_536}, None, None),
    ],
)
async def test_limits_of_a_video_go_where_vllm_reads_them(
    limits: dict[str, int], processor: dict[str, float] | None, reader: dict[str, Any] | None
) -> None:
    part = {"type": "video_url", "video_url": {"url": FILM}, **limits}
    body = await sent(messages=[{"role": "user", "content": [part]}])
    assert body.get("mm_processor_kwargs") == processor
    assert body.get("media_io_kwargs") == reader
    assert body["messages"][0]["content"] == [{"type": "video_url", "video_url": {"url": FILM}}]


async def test_a_url_is_not_left_to_vllm_to_fetch() -> None:
    with pytest.raises(QwenVisionError, match="Unable to download"):
        await sent(messages=with_picture("http://127.0.0.1:9/x.png"))


async def test_a_list_of_frames_is_one_film_with_its_times() -> None:
    frames = {"type": "video", "video": [picture(320, 240)] * 4, "fps": 2}
    body = await sent(messages=[{"role": "user", "content": [frames]}])
    (part,) = body["messages"][0]["content"]
    head, *pictures = part["video_url"]["url"].split(",")
    assert head == "data:video/jpeg;base64"
    assert len(pictures) == 4
    assert body["media_io_kwargs"]["video"] == {
        "num_frames": -1,
        "fps": 1000,
        "frames_indices": [0, 500, 1000, 1500],
        "total_num_frames": 1501,
    }
    assert "mm_processor_kwargs" not in body


async def test_two_lists_of_frames_are_pictures_with_their_times() -> None:
    frames = {"type": "video", "video": [picture(320, 240)] * 4, "fps": 2}
    body = await sent(messages=[{"role": "user", "content": [frames, frames]}])
    parts = body["messages"][0]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url"] * 8
    assert "media_io_kwargs" not in body


async def test_a_forced_tool_is_asked_for_as_a_schema() -> None:
    schema = {"type": "object", "properties": {"total": {"type": "string"}}}
    tool = {"type": "function", "function": {"name": "record", "parameters": schema}}
    message = {"role": "assistant", "content": '{"total": "22.84"}'}
    reply = answers({"choices": [{"message": message, "finish_reason": "stop"}]})
    async with running(reply) as site:
        completion = await ask(
            upstream(site.url, profile="vllm"),
            tools=[tool],
            tool_choice={"type": "function", "function": {"name": "record"}},
        )
    body = json.loads(site.bodies[0])
    asked_for = body["response_format"]["json_schema"]["schema"]
    assert {name: asked_for[name] for name in schema} == schema
    assert "tools" not in body
    calls = completion.choices[0].message.tool_calls
    assert calls
    (call,) = calls
    assert json.loads(call.function.arguments) == {"total": "22.84"}


async def test_a_schema_says_that_what_the_grammar_cannot_hold_is_checked_later() -> None:
    schema = {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True}
    wanted = {"type": "json_schema", "json_schema": {"name": "letters", "schema": schema}}
    message = {"role": "assistant", "content": '["a", "b"]'}
    reply = answers({"choices": [{"message": message, "finish_reason": "stop"}]})
    async with running(reply) as site:
        await ask(upstream(site.url, profile="vllm"), response_format=wanted)
    sent_schema = json.loads(site.bodies[0])["response_format"]["json_schema"]["schema"]
    assert sent_schema.pop("x-guidance")["lenient"] is True
    assert sent_schema == schema


async def test_its_count_of_pictures_gets_the_marks_around_them() -> None:
    counts = {"multimodal_tokens": {"image": 364, "video": 190}, "cached_tokens": 16}
    usage = {"prompt_tokens": 586, "completion_tokens": 3, "prompt_tokens_details": counts}
    two = with_picture(picture()) + with_picture(picture())
    async with running(answers({**ANSWER, "usage": usage})) as site:
        completion = await ask(upstream(site.url, profile="vllm"), messages=two)
    assert completion.usage is not None
    details = completion.usage.prompt_tokens_details
    assert details
    assert (details.image_tokens, details.video_tokens) == (364 + 4, 190)
    assert (details.text_tokens, details.cached_tokens) == (586 - 368 - 190, 16)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_status_in_the_place_of_a_code_becomes_the_dialects_code(stream: bool) -> None:
    error = {"message": "too long", "type": "BadRequestError", "param": None, "code": 400}
    replies = [answers({"error": error}, 400)]
    if stream:
        # What is wrong with a stream is told inside it, after HTTP 200.
        replies.append(writes(b"data: " + json.dumps({"error": error}).encode() + b"\n\n"))
    for reply in replies:
        async with running(reply) as site:
            with pytest.raises(RemoteError, match=r"^too long$") as caught:
                await ask(upstream(site.url, profile="vllm"), stream=stream)
        assert (caught.value.status, caught.value.code) == (400, "invalid_parameter_error")


def chance(token: str) -> dict[str, Any]:
    return {"token": token, "bytes": [*token.encode()], "logprob": -0.5, "top_logprobs": []}


@pytest.mark.parametrize("stream", [False, True])
async def test_chances_are_those_of_the_answer_alone(stream: bool) -> None:
    tokens = [chance("Hm"), chance("</think>"), chance("A "), chance("cat."), chance("<|im_end|>")]
    if stream:
        pieces = [
            {"delta": {"reasoning": "Hm"}, "logprobs": {"content": tokens[:1]}},
            {"delta": {"content": "A "}, "logprobs": {"content": tokens[1:3]}},
            {"delta": {"content": "cat."}, "logprobs": {"content": tokens[3:4]}},
            {"delta": {}, "logprobs": {"content": tokens[4:]}, "finish_reason": "stop"},
        ]
        lines = [
            b"data: " + json.dumps({"choices": [piece]}).encode() + b"\n\n" for piece in pieces
        ]
        reply = writes(*lines, b"data: [DONE]\n\n")
    else:
        message = {"content": "A cat.", "reasoning": "Hm"}
        choice = {"message": message, "logprobs": {"content": tokens}, "finish_reason": "stop"}
        reply = answers({"choices": [choice]})
    async with running(reply) as site:
        completion = await ask(
            upstream(site.url, profile="vllm"), stream=stream, logprobs=True, enable_thinking=True
        )
    found: Any = completion.choices[0].logprobs
    assert found is not None
    assert [token["token"] for token in found["content"]] == ["A ", "cat."]


async def test_chances_in_an_unknown_shape_do_not_spoil_the_answer() -> None:
    message = {"role": "assistant", "content": "A cat."}
    choice = {"message": message, "logprobs": {"tokens": ["A"]}, "finish_reason": "stop"}
    async with running(answers({"choices": [choice]})) as site:
        completion = await ask(upstream(site.url, profile="vllm"), logprobs=True)
    assert completion.choices[0].message.content == "A cat."
    async with running(writes(chunk("A cat."), chunk("", "stop"))) as site:
        completion = await ask(upstream(site.url, profile="vllm"), stream=True, logprobs=True)
    assert completion.choices[0].message.content == "A cat."
