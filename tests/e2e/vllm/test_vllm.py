"""A real vLLM behind this server: what it is sent, and what becomes of what it says.

Its weights recite a script: a thought of three words, the total of a receipt with a box, and
a call of `record_receipt` where there are tools.
"""

import base64
import io
import json
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image

from tests.contract.test_engines import TOOL
from tests.e2e.vllm.conftest import Front

# Without the time that vLLM takes to start.
pytestmark = [pytest.mark.vllm, pytest.mark.timeout(60, func_only=True)]
SAID = 'The total is EUR 22.84. {"bbox_2d": [100, 200, 500, 600]}'
THOUGHT = "I look. I see it. I am sure. "
# So many numbers that no answer comes to its end.
ENDLESS = {"type": "array", "items": {"type": "integer"}, "minItems": 3000}


def picture(width_px: int = 640, height_px: int = 480, **limits: int) -> dict[str, Any]:
    file = io.BytesIO()
    Image.new("RGB", (width_px, height_px), "teal").save(file, "PNG")
    url = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    return {"type": "image_url", "image_url": {"url": url}, **limits}


def by_schema(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


def said(answer: Any) -> str:  # noqa: ANN401 - as the SDK
    content = answer.choices[0].message.content
    assert isinstance(content, str)
    return content


def image_tokens(answer: Any) -> int:  # noqa: ANN401 - as the SDK
    tokens = answer.usage.prompt_tokens_details.image_tokens
    assert isinstance(tokens, int)
    return tokens


def thought_and_text(stream: Any) -> tuple[str, str]:  # noqa: ANN401 - as the SDK
    thought = text = ""
    for chunk in stream:
        delta = chunk.choices[0].delta
        thought += getattr(delta, "reasoning_content", None) or ""
        text += delta.content or ""
    return thought, text


def test_text_is_answered_with_vllms_own_figures(front: Front) -> None:
    answer = front.ask("Hello")
    assert said(answer) == SAID
    # Four words and the end.
    assert answer.usage.completion_tokens == 5
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 5
    assert answer.system_fingerprint == "upstream-vllm"


def test_pictures_of_several_turns_are_seen_and_counted(front: Front) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [picture(), {"type": "text", "text": "And this?"}]},
        {"role": "assistant", "content": "A teal one."},
        {"role": "user", "content": [picture(64, 64), picture(), {"type": "text", "text": "?"}]},
    ]
    answer = front.client.chat.completions.create(model="qwen3-vl-plus", messages=messages)  # type: ignore[arg-type]
    assert said(answer) == SAID
    # 20 x 15, 20 x 15 and the smallest, 8 x 8; two marks around each.
    assert image_tokens(answer) == 300 + 300 + 64 + 6


@pytest.mark.parametrize(
    ("limits", "tokens"),
    [({"max_pixels": 65_536}, 54), ({"min_pixels": 640_000}, 29 * 22)],
)
def test_pixel_limits_reach_the_processor(
    front: Front, limits: dict[str, int], tokens: int
) -> None:
    answer = front.ask(picture(**limits), "What?")
    assert image_tokens(answer) == tokens + 2


def test_high_resolution_reaches_the_processor(front: Front) -> None:
    wanted = {"vl_high_resolution_images": True}
    answer = front.ask(picture(max_pixels=65_536), "What?", extra_body=wanted)
    # Its own limit counts, not the smaller one of the part.
    assert image_tokens(answer) == 300 + 2


def test_a_url_is_fetched_here_and_sent_as_bytes(front: Front, files: str) -> None:
    url = f"{files}/O1CN01ktT8451iQutqReELT.jpg"
    answer = front.ask({"type": "image_url", "image_url": {"url": url}}, "What?")
    assert said(answer) == SAID
    assert image_tokens(answer) == 842
    gone = {"type": "image_url", "image_url": {"url": f"{files}/none.jpg"}}
    with pytest.raises(openai.BadRequestError, match="Failed to download"):
        front.ask(gone, "What?")


def film(media: Path, **limits: float) -> dict[str, Any]:
    data = base64.b64encode((media / "clip.mp4").read_bytes()).decode()
    return {"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{data}"}, **limits}


def video_tokens(answer: Any) -> int:  # noqa: ANN401 - as the SDK
    tokens = answer.usage.prompt_tokens_details.video_tokens
    assert isinstance(tokens, int)
    return tokens


def test_a_video_is_sampled_as_the_request_says(front: Front, media: Path) -> None:
    # Two seconds of 320 x 240: a pair of frames is 10 x 8 tokens, two marks and its time, which
    # this vocabulary spells in 13.
    pair = 80 + 2 + 13
    assert video_tokens(front.ask(film(media), "What happens?")) == 2 * pair
    assert video_tokens(front.ask(film(media, fps=4), "What happens?")) == 4 * pair
    small = front.ask(film(media, total_pixels=4 * 160 * 128), "What happens?")
    assert 2 * 15 < video_tokens(small) < 2 * pair


def test_a_video_by_url_and_a_list_of_frames_come_as_one_film_with_its_times(
    front: Front, files: str
) -> None:
    clip = {"type": "video_url", "video_url": {"url": f"{files}/clip.mp4"}, "fps": 2}
    frames = {"type": "video", "video": [f"{files}/frame{n}.jpg" for n in range(1, 5)], "fps": 0.1}
    answer = front.ask(clip, "What happens?", model="qwen3.6-plus")
    assert said(answer) == SAID
    # <0.2 seconds> and <1.2 seconds>.
    assert video_tokens(answer) == 2 * (80 + 2 + 13)
    answer = front.ask(frames, "What happens?", model="qwen3.6-plus")
    # <5.0 seconds> and <25.0 seconds>: one letter more.
    assert video_tokens(answer) == 2 * (80 + 2 + 13) + 1


def test_two_videos_come_as_pictures_with_their_times(front: Front, files: str) -> None:
    clip = {"type": "video_url", "video_url": {"url": f"{files}/clip.mp4"}, "fps": 2}
    answer = front.ask(clip, clip, "What happens?", model="qwen3.6-plus")
    assert said(answer) == SAID
    assert image_tokens(answer) == 8 * 80


def test_a_model_that_never_thinks_says_its_answer_as_text(front: Front) -> None:
    # Left to itself, vLLM's parser takes an answer without a thought for a thought.
    answer = front.ask(picture(), "Read.", model="qwen-vl-ocr")
    assert said(answer) == SAID


@pytest.mark.parametrize("streams", [False, True])
def test_a_thought_comes_beside_the_answer(front: Front, streams: bool) -> None:
    answer = front.ask(picture(), "What?", stream=streams, extra_body={"enable_thinking": True})
    if streams:
        assert thought_and_text(answer) == (THOUGHT, SAID)
        return
    assert answer.choices[0].message.reasoning_content == THOUGHT
    assert said(answer) == SAID
    assert answer.usage.completion_tokens_details.reasoning_tokens == 3


def test_a_thinking_budget_ends_the_thought_and_the_answer_follows(front: Front) -> None:
    asked = {"enable_thinking": True, "thinking_budget": 1}
    assert thought_and_text(front.ask("What?", stream=True, extra_body=asked)) == ("I look. ", SAID)


def test_tools_are_called_whole_and_streamed(front: Front) -> None:
    answer = front.ask("Record it.", tools=[TOOL])
    (call,) = answer.choices[0].message.tool_calls
    assert answer.choices[0].finish_reason == "tool_calls"
    assert (call.function.name, json.loads(call.function.arguments)) == (
        "record_receipt",
        {"total": "22.84"},
    )
    chunks = [chunk.choices[0] for chunk in front.ask("Record it.", tools=[TOOL], stream=True)]
    pieces = [piece for chunk in chunks for piece in chunk.delta.tool_calls or ()]
    assert "".join(piece.function.arguments or "" for piece in pieces) == call.function.arguments
    assert chunks[-1].finish_reason == "tool_calls"


def test_a_tools_result_is_read_in_the_next_turn(front: Front) -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "record_receipt", "arguments": '{"total": "22.84"}'},
    }
    messages: Any = [
        {"role": "user", "content": "Record it."},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Done."},
    ]
    answer = front.client.chat.completions.create(
        model="qwen3-vl-plus", messages=messages, tools=[TOOL], tool_choice="none"
    )
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > front.ask("Record it.").usage.prompt_tokens


@pytest.mark.parametrize(
    ("schema", "fits"),
    [
        (
            {
                "type": "object",
                "properties": {"paid": {"type": "boolean"}},
                "required": ["paid"],
                "additionalProperties": False,
            },
            dict,
        ),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "maxItems": 2}, list),
        ({"enum": [1, 2, 3]}, int),
        (
            {
                "type": "object",
                "properties": {"day": {"type": "string", "format": "date"}},
                "required": ["day"],
                "additionalProperties": False,
            },
            dict,
        ),
    ],
)
def test_a_schema_is_kept(front: Front, schema: dict[str, Any], fits: type) -> None:
    wanted = by_schema(schema)
    whole = json.loads(said(front.ask("As JSON.", response_format=wanted)))
    assert isinstance(whole, fits)
    stream = front.ask("As JSON.", response_format=wanted, stream=True, temperature=0)
    assert isinstance(json.loads(thought_and_text(stream)[1]), fits)


@pytest.mark.parametrize("streams", [False, True])
def test_a_schema_that_no_answer_keeps_is_an_honest_error_after_one_more_try(
    front: Front, streams: bool
) -> None:
    # The grammar knows no uniqueItems, and there is but one item: only the check finds out.
    schema = {"type": "array", "items": {"enum": [1]}, "minItems": 2, "maxItems": 2}
    before = front.finished()
    with pytest.raises(openai.APIError, match="unique"):
        list(
            front.ask(
                "As JSON.",
                response_format=by_schema({**schema, "uniqueItems": True}),
                stream=streams,
            )
        )
    assert front.finished() == before + 2


def test_a_choice_of_schemas_is_kept(front: Front) -> None:
    # By itself the library refuses oneOf.
    wanted = {"oneOf": [{"type": "boolean"}, {"enum": [[1], [2]]}]}
    assert json.loads(said(front.ask("As JSON.", response_format=by_schema(wanted)))) in (
        *(True, False),
        *([1], [2]),
    )


@pytest.mark.parametrize("streams", [False, True])
def test_chances_belong_to_the_tokens_of_the_answer(front: Front, streams: bool) -> None:
    asked = {"logprobs": True, "top_logprobs": 2, "extra_body": {"enable_thinking": True}}
    answer = front.ask("What?", stream=streams, **asked)
    told = [chunk.choices[0] for chunk in answer] if streams else answer.choices
    tokens = [token for choice in told if choice.logprobs for token in choice.logprobs.content]
    assert "".join(token.token for token in tokens) == SAID
    assert all(len(token.top_logprobs) == 2 for token in tokens)
    assert tokens[0].logprob == pytest.approx(0, abs=1e-3)


def test_max_tokens_and_stop_end_an_answer(front: Front) -> None:
    assert front.ask("What?", max_tokens=1).choices[0].finish_reason == "length"
    assert said(front.ask("What?", stop=["EUR"])) == "The total is "


@pytest.mark.parametrize("streams", [False, True])
def test_vllms_errors_are_the_dialects(front: Front, streams: bool) -> None:
    # A stream is told before its first event.
    with pytest.raises(openai.BadRequestError, match="maximum context length") as caught:
        front.ask("x" * 5000, stream=streams)
    body = caught.value.response.json()
    assert body["error"]["code"] == "invalid_parameter_error"
    assert body["request_id"]


def test_a_caller_who_leaves_ends_the_run_in_vllm(front: Front) -> None:
    before = front.finished()
    with pytest.raises(openai.APITimeoutError):
        front.ask("As JSON.", response_format=by_schema(ENDLESS), timeout=0.5)
    front.wait_until_idle()
    assert front.finished() == before


def test_an_answer_that_repeats_itself_is_ended_in_vllm_too(front: Front) -> None:
    before = front.finished()
    wanted = by_schema(ENDLESS)
    chunks = list(front.ask("As JSON.", response_format=wanted, stream=True, temperature=0))
    assert chunks[-1].choices[0].finish_reason == "length"
    front.wait_until_idle()
    assert front.finished() == before
