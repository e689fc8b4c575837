"""The native dialect over HTTP: shapes byte by byte, errors, models."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from qwen_vision.engines.scripted.script import Step
from qwen_vision.settings import ServerSettings

PATH = "/api/v1/services/aigc/multimodal-generation/generation"
SSE = {"X-DashScope-SSE": "enable"}
Serve = Callable[..., str]
Call = Callable[..., tuple[int, Mapping[str, str], bytes]]
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f-]{27}")


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(Step(text="Hel"), Step(text="lo."))


@pytest.fixture(scope="module")
def thinker(serve: Serve) -> str:
    return serve(Step(think="Hm. "), Step(think="So. "), Step(text="Yes"), Step(text="."))


def ask(model: str = "qwen3-vl-plus", **parameters: object) -> dict[str, Any]:
    messages = [{"role": "user", "content": [{"text": "Hi"}]}]
    return {"model": model, "input": {"messages": messages}, "parameters": parameters}


def events(stream: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Head and data of each event, checked against the form the readers need."""
    found = []
    for number, block in enumerate(stream.removesuffix(b"\n\n").split(b"\n\n"), start=1):
        match = re.fullmatch(
            rb"id:(\d+)\nevent:(\w+)\n:HTTP_STATUS/(\d+)\ndata:(\{.*\})", block, re.DOTALL
        )
        assert match, block
        assert int(match[1]) == number
        found.append((f"{match[2].decode()}/{match[3].decode()}", json.loads(match[4])))
    return found


def told(stream: bytes) -> list[tuple[str, list[Any], str | None]]:
    """Finish reason, content and reasoning of each event."""
    found = []
    for head, data in events(stream):
        assert head == "result/200"
        (choice,) = data["output"]["choices"]
        message = choice["message"]
        assert message["role"] == "assistant"
        found.append(
            (choice["finish_reason"], message["content"], message.get("reasoning_content"))
        )
    return found


def test_a_whole_answer_has_the_services_shape(call: Call, url: str) -> None:
    status, headers, body = call(url, PATH, ask())
    assert (status, headers["content-type"]) == (200, "application/json")
    assert UUID.sub(b"ID", body) == (
        b'{"output":{"choices":[{"finish_reason":"stop","message":{"role":"assistant",'
        b'"content":[{"text":"Hello."}]}}]},"usage":{"input_tokens":9,"output_tokens":2,'
        b'"total_tokens":11,"input_tokens_details":{"text_tokens":9},'
        b'"output_tokens_details":{"text_tokens":2}},"request_id":"ID"}'
    )
    assert json.loads(body)["request_id"] == headers["x-request-id"]


def test_a_thinking_answer_has_its_reasoning_beside_the_content(call: Call, thinker: str) -> None:
    _, _, body = call(thinker, PATH, ask(enable_thinking=True))
    message = json.loads(body)["output"]["choices"][0]["message"]
    assert message == {
        "role": "assistant",
        "content": [{"text": "Yes."}],
        "reasoning_content": "Hm. So. ",
    }


def test_an_event_has_the_services_bytes(call: Call, url: str) -> None:
    status, headers, stream = call(url, PATH, ask(), headers=SSE)
    assert (status, headers["content-type"]) == (200, "text/event-stream;charset=UTF-8")
    first, _, _ = stream.partition(b"\n\n")
    assert UUID.sub(b"ID", first) == (
        b"id:1\nevent:result\n:HTTP_STATUS/200\n"
        b'data:{"output":{"choices":[{"finish_reason":"null","message":{"role":"assistant",'
        b'"content":[{"text":"Hel"}]}}]},"usage":{"input_tokens":9,"output_tokens":1,'
        b'"total_tokens":10,"input_tokens_details":{"text_tokens":9},'
        b'"output_tokens_details":{"text_tokens":1}},"request_id":"ID"}'
    )
    assert b"[DONE]" not in stream
    assert stream.endswith(b"}\n\n")


@pytest.mark.parametrize("ways", [{"headers": SSE}, {"parameters": {"stream": True}}])
def test_a_stream_is_asked_for_by_header_or_parameter(
    call: Call, url: str, ways: dict[str, Any]
) -> None:
    body = ask(**ways.get("parameters", {}))
    _, _, stream = call(url, PATH, body, headers=ways.get("headers"))
    assert told(stream)[-1][0] == "stop"


def test_incremental_events_hold_what_is_new(call: Call, url: str) -> None:
    _, _, stream = call(url, PATH, ask(incremental_output=True), headers=SSE)
    assert told(stream) == [
        ("null", [{"text": "Hel"}], None),
        ("null", [{"text": "lo."}], None),
        ("stop", [], None),
    ]


def test_cumulative_events_hold_everything_so_far(call: Call, url: str) -> None:
    _, _, stream = call(url, PATH, ask(incremental_output=False), headers=SSE)
    assert told(stream) == [
        ("null", [{"text": "Hel"}], None),
        ("null", [{"text": "Hello."}], None),
        ("stop", [{"text": "Hello."}], None),
    ]


@pytest.mark.parametrize(
    ("model", "incremental"),
    [("qwen3-vl-plus", True), ("qwen-vl-max", False), ("qwen-vl-ocr", False)],
)
def test_a_models_habit_decides_when_the_request_does_not(
    call: Call, url: str, model: str, *, incremental: bool
) -> None:
    _, _, stream = call(url, PATH, ask(model), headers=SSE)
    assert told(stream)[1][1] == [{"text": "lo." if incremental else "Hello."}]


def test_reasoning_comes_before_the_answer(call: Call, thinker: str) -> None:
    _, _, stream = call(thinker, PATH, ask("qwen3.6-plus"), headers=SSE)
    assert told(stream) == [
        ("null", [], "Hm. "),
        ("null", [], "So. "),
        ("null", [{"text": "Yes"}], ""),
        ("null", [{"text": "."}], ""),
        ("stop", [], ""),
    ]


def test_a_model_that_thinks_unasked_may_repeat_itself(call: Call, thinker: str) -> None:
    _, _, stream = call(thinker, PATH, ask("qwen3.6-plus", incremental_output=False), headers=SSE)
    assert told(stream)[-2:] == [
        ("null", [{"text": "Yes."}], "Hm. So. "),
        ("stop", [{"text": "Yes."}], "Hm. So. "),
    ]


def test_usage_stands_in_every_event_and_grows(call: Call, thinker: str) -> None:
    _, _, stream = call(thinker, PATH, ask("qwen3.6-plus"), headers=SSE)
    usages = [data["usage"] for _, data in events(stream)]
    written = [usage["output_tokens"] for usage in usages]
    assert written == sorted(written)
    assert written[0] > 0
    assert all(usage["total_tokens"] == 9 + usage["output_tokens"] for usage in usages)
    assert usages[-1]["output_tokens_details"].keys() == {"text_tokens", "reasoning_tokens"}


def test_a_stream_only_model_answers_as_a_stream(call: Call, thinker: str) -> None:
    status, _, body = call(thinker, PATH, ask("qvq-max"))
    assert status == 400
    assert json.loads(body)["message"].startswith("This model only support stream mode")
    _, _, stream = call(thinker, PATH, ask("qvq-max"), headers=SSE)
    assert told(stream)[0] == ("null", [], "Hm. ")


def test_tool_calls_come_whole_and_in_pieces(call: Call, serve: Serve) -> None:
    url = serve(Step(call="look", arguments='{"at":"cat"}', pieces=2))
    tools = [{"type": "function", "function": {"name": "look"}}]
    _, _, body = call(url, PATH, ask(tools=tools))
    (choice,) = json.loads(body)["output"]["choices"]
    (tool,) = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert tool["function"] == {"name": "look", "arguments": '{"at":"cat"}'}
    for incremental in (True, False):
        request = ask(tools=tools, incremental_output=incremental)
        _, _, stream = call(url, PATH, request, headers=SSE)
        pieces = [
            call["function"]["arguments"]
            for _, data in events(stream)
            for call in data["output"]["choices"][0]["message"].get("tool_calls", [])
        ]
        assert ("".join(pieces) if incremental else pieces[-1]) == '{"at":"cat"}'


PICTURE = Path(__file__).parents[2] / "examples" / "cat.jpg"


def see(data_uri: str, **parameters: object) -> dict[str, Any]:
    messages = [{"role": "user", "content": [{"image": data_uri}]}]
    return {"model": "qwen-vl-ocr", "input": {"messages": messages}, "parameters": parameters}


def test_an_ocr_task_answers_with_words_in_pixels(call: Call, serve: Serve, cat: str) -> None:
    lines = '[{"rotate_rect":[500,500,1000,1000,0],"text":"all"}]'
    url = serve(Step(text="```json\n"), Step(text=lines + "\n```"))
    task = {"ocr_options": {"task": "advanced_recognition"}, "media_receipt": True}
    _, _, body = call(url, PATH, see(cat, **task))
    answer = json.loads(body)
    width, height = answer["media_receipt"][0]["original_size"]
    (item,) = answer["output"]["choices"][0]["message"]["content"]
    assert item["text"] == f"```json\n{lines}\n```"
    (word,) = item["ocr_result"]["words_info"]
    assert word["location"] == [0, 0, width, 0, width, height, 0, height]
    assert word["rotate_rect"] == [round(width / 2), round(height / 2), width, height, 0]
    _, _, stream = call(url, PATH, see(cat, **task), headers=SSE)
    (last,) = told(stream)[-1][1]
    assert last["ocr_result"] == item["ocr_result"]


def test_the_size_a_model_saw_is_told_when_asked(call: Call, url: str, cat: str) -> None:
    request = see(cat, vl_enable_image_hw_output=True, media_receipt=True)
    _, _, body = call(url, PATH, request)
    answer = json.loads(body)
    width, height = answer["media_receipt"][0]["final_size"]
    content = answer["output"]["choices"][0]["message"]["content"]
    assert content == [{"text": "Hello."}, {"image_hw": [[height, width]]}]


def test_pictures_count_as_in_the_other_dialect(call: Call, url: str, cat: str) -> None:
    part = {"type": "image_url", "image_url": {"url": cat}}
    request = {"model": "qwen-vl-ocr", "messages": [{"role": "user", "content": [part]}]}
    _, _, body = call(url, "/v1/chat/completions", request)
    compatible = json.loads(body)["usage"]
    _, _, body = call(url, PATH, see(cat))
    native = json.loads(body)["usage"]
    assert native["input_tokens"] == compatible["prompt_tokens"]
    assert native["image_tokens"] == compatible["prompt_tokens_details"]["image_tokens"]


@pytest.fixture(scope="module")
def cat() -> str:
    return "data:image/jpeg;base64," + base64.b64encode(PICTURE.read_bytes()).decode()


def test_frames_of_a_video_are_bounded(call: Call, url: str) -> None:
    clip = base64.b64encode((PICTURE.parent / "clip.mp4").read_bytes()).decode()
    item = {"video": f"data:video/mp4;base64,{clip}", "fps": 10, "max_frames": 4}
    request = ask(media_receipt=True)
    request["input"]["messages"][0]["content"].insert(0, item)
    status, _, body = call(url, PATH, request)
    assert status == 200, body
    assert json.loads(body)["media_receipt"][0]["frames"] == 4
    item["max_frames"] = 2
    status, _, body = call(url, PATH, request)
    assert (status, json.loads(body)["code"]) == (400, "InvalidParameter")
    assert "max_frames" in json.loads(body)["message"]


REFUSED = [
    (b"{", 400, "InvalidParameter", "Required body invalid, please check the request body format."),
    ({"input": {"prompt": "Hi"}}, 400, "BadRequest.EmptyModel", None),
    ({"model": "qwen3-vl-plus"}, 400, "BadRequest.EmptyInput", None),
    (
        {"model": "qwen3-vl-plus", "input": {}},
        400,
        "InvalidParameter",
        'Either "prompt" or "messages" must exist and cannot both be none',
    ),
    (ask("no-such-model"), 404, "ModelNotFound", "Model can not be found."),
    (ask(temperature=2), 400, "InvalidParameter", "Temperature should be in [0.0, 2.0)"),
    (ask(seed=-1), 400, None, "Range of seed should be [0, 9223372036854775807]"),
    (
        ask(enable_thinking=True, incremental_output=False, stream=True),
        None,
        "InvalidParameter",
        'The incremental_output parameter must be "true" when enable_thinking is true',
    ),
    (
        ask("qvq-max", incremental_output=False, stream=True),
        None,
        "InvalidParameter",
        "The incremental_output parameter of this model cannot be set to False.",
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: str(case[2:])[:60])
def test_a_refusal_has_the_native_body(call: Call, url: str, case: tuple[Any, ...]) -> None:
    body, status, code, message = case
    answer = call(url, PATH, body)
    data = answer[2].rpartition(b"data:")[2] if status is None else answer[2]
    failure = json.loads(data)
    assert answer[0] == (status or 200)
    assert list(failure) == ["code", "message", "request_id"]
    assert failure["request_id"] == answer[1]["x-request-id"]
    assert code in (None, failure["code"])
    assert message in (None, failure["message"])


def test_a_streams_error_is_an_event_with_status_200(call: Call, url: str) -> None:
    status, headers, stream = call(url, PATH, ask(temperature=2), headers=SSE)
    assert (status, headers["content-type"]) == (200, "text/event-stream;charset=UTF-8")
    ((head, data),) = events(stream)
    assert (head, data["code"]) == ("error/400", "InvalidParameter")


def test_an_error_in_the_middle_is_the_next_event(call: Call, serve: Serve) -> None:
    url = serve(Step(text="Hel"), Step(error=500, code="InternalError.Algo", message="Broken."))
    _, _, stream = call(url, PATH, ask(), headers=SSE)
    first, second = events(stream)
    assert first[0] == "result/200"
    assert second[0] == "error/500"
    assert (second[1]["code"], second[1]["message"]) == ("InternalError.Algo", "Broken.")


def test_a_key_is_needed_in_native_words(call: Call, serve: Serve) -> None:
    url = serve(settings=ServerSettings(port=0, keys=frozenset({"sk-1"})))
    for headers, message in (
        ({}, "No API-key provided."),
        ({"Authorization": "Bearer sk-2"}, "Invalid API-key provided."),
    ):
        status, _, body = call(url, PATH, ask(), headers={**SSE, **headers})
        assert status == 401
        assert json.loads(body)["code"] == "InvalidApiKey"
        assert json.loads(body)["message"] == message


@pytest.mark.parametrize("service", ["text-generation/generation", "image2image/image-synthesis"])
def test_the_wrong_service_says_so(call: Call, url: str, service: str) -> None:
    status, _, body = call(url, f"/api/v1/services/aigc/{service}", ask())
    assert (status, json.loads(body)["code"]) == (400, "InvalidParameter")
    assert json.loads(body)["message"] == (
        "url error, please check url\uff01 For details, see: "
        "https://help.aliyun.com/zh/model-studio/error-code#error-url"
    )


def test_a_wrong_method_and_path_have_native_bodies(call: Call, url: str) -> None:
    status, _, body = call(url, PATH, method="GET")
    assert status == 400
    assert json.loads(body)["message"] == "Request method 'GET' is not supported."
    status, _, body = call(url, "/api/v1/nothing", method="GET")
    assert status == 404
    assert list(json.loads(body)) == ["code", "message", "request_id"]


def models(call: Call, url: str, query: str) -> dict[str, Any]:
    status, _, body = call(url, f"/api/v1/models?{query}", method="GET")
    assert status == 200, body
    output: dict[str, Any] = json.loads(body)["output"]
    return output


def test_models_come_page_by_page(call: Call, url: str) -> None:
    whole = models(call, url, "page_size=1000")
    first = models(call, url, "page_no=1&page_size=5")
    second = models(call, url, "page_no=2&page_size=5")
    assert whole["models"][:10] == first["models"] + second["models"]
    assert whole["total"] == len(whole["models"]) == first["total"]
    assert models(call, url, "page_no=999")["models"] == []
    assert len(models(call, url, "")["models"]) == 10


def test_models_are_filtered_by_name(call: Call, url: str) -> None:
    (entry,) = models(call, url, "model=qvq-max&page_no=1&page_size=1")["models"]
    assert entry["model"] == "qvq-max"
    assert models(call, url, "model=nothing")["models"] == []


@pytest.mark.parametrize("query", ["page_no=0", "page_size=x", "page_no=-1"])
def test_a_bad_page_is_refused(call: Call, url: str, query: str) -> None:
    status, _, body = call(url, f"/api/v1/models?{query}", method="GET")
    assert (status, json.loads(body)["code"]) == (400, "InvalidParameter")
