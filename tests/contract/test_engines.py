"""One suite for every engine: what a caller may rely on, whoever answers."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from qwen_vision.engines.base import Engine
from qwen_vision.engines.scripted.engine import ScriptedEngine
from qwen_vision.engines.scripted.script import Answer, Script, Step
from qwen_vision.engines.upstream.engine import UpstreamEngine
from qwen_vision.settings import EngineSettings, ServerSettings, UpstreamSettings
from tests.engines.llamacpp.tiny import write_model, write_projector
from tests.engines.upstream.foreign import llama_server

Serve = Callable[..., str]

SCRIPT = Script(
    answer=(
        Answer(
            when="fill the tool",
            steps=(Step(call="record_receipt", arguments='{"total": "22.84"}', pieces=3),),
        ),
        Answer(
            when="bbox_2d",
            steps=(Step(text='{"bbox_2d": [100, 2'), Step(text="00, 500, 600]}")),
        ),
        Answer(when="as json", steps=(Step(text='{"total": '), Step(text='"22.84"}'))),
        Answer(steps=(Step(think="I look. "), Step(text="The total is "), Step(text="EUR 22.84."))),
    )
)
# The same for weights: the next word for each word. Where a grammar forces the JSON's beginning,
# the model goes on after the colon.
RECITED = {
    "<think>": "I look. ",
    "I look. ": "</think>",
    "</think>": "The total is ",
    "\n": "The total is ",
    "The total is ": "EUR 22.84.",
    "EUR 22.84.": ' {"bbox_2d": [100, 2',
    ' {"bbox_2d": [100, 2': "00, 500, 600]}",
    "00, 500, 600]}": "<|im_end|>",
    ":": '"',
    '"': "22.84",
    "22.84": '"}',
    '"}': "<|im_end|>",
}
FOREIGN = "upstream-llama-server"
VLLM = "upstream-vllm"
ENGINES = (
    "scripted",
    "embedded",
    "llamacpp",
    "upstream-scripted",
    "upstream-embedded",
    FOREIGN,
    # The time that vLLM takes to start is not the tests'.
    pytest.param(VLLM, marks=[pytest.mark.vllm, pytest.mark.timeout(60, func_only=True)]),
)


@dataclass(frozen=True)
class Subject:
    """A server under test: where it is, which engine answers, and a client of it."""

    name: str
    url: str
    client: OpenAI


def _local(name: str, folder: Path) -> Engine:
    if name == "scripted":
        return ScriptedEngine(SCRIPT)
    argument = ""
    if name == "llamacpp":
        model = write_model(folder / "model.gguf", script=RECITED, thinks="tight")
        argument = f"{model}:{write_projector(folder / 'mmproj.gguf')}"
    plugin = import_module(f"qwen_vision.engines.{name}").plugin
    engine: Engine = plugin.build(argument, EngineSettings())
    return engine


@pytest.fixture(scope="module", params=ENGINES)
def subject(
    request: pytest.FixtureRequest, serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subject]:
    """One server for each engine, for all tests of the suite."""
    name: str = request.param
    settings = ServerSettings(port=0)
    folder = tmp_path_factory.mktemp(name)
    with ExitStack() as stack:
        if name == FOREIGN:
            model = write_model(folder / "model.gguf", script=RECITED, thinks="tight")
            projector = write_projector(folder / "mmproj.gguf")
            address = stack.enter_context(llama_server(model, projector))
            upstream = UpstreamSettings("far", (f"{address}/v1",), profile="llama-server")
            url = serve(engine=UpstreamEngine(upstream), settings=settings)
        elif name == VLLM:
            address = request.getfixturevalue("vllm")
            upstream = UpstreamSettings("far", (address,), profile="vllm", model="tiny")
            url = serve(engine=UpstreamEngine(upstream), settings=settings)
        else:
            url = _own(name, serve, folder)
        client = OpenAI(api_key="any", base_url=f"{url}/v1", max_retries=0)
        yield Subject(name, url, stack.enter_context(client))


def _own(name: str, serve: Serve, folder: Path) -> str:
    """The address of an engine of this project, or of a second server in front of it."""
    settings = ServerSettings(port=0)
    engine = _local(name.removeprefix("upstream-"), folder)
    url = serve(engine=engine, settings=settings)
    if name.startswith("upstream-"):
        upstream = UpstreamSettings(name="second", urls=(f"{url}/v1",), profile="qwen-vision")
        url = serve(engine=UpstreamEngine(upstream), settings=settings)
    return url


RECEIPT = Path(__file__).parents[2] / "examples" / "receipt.png"
SCHEMA = {
    "type": "object",
    "properties": {"total": {"type": "string"}},
    "required": ["total"],
    "additionalProperties": False,
}
FORMAT: Any = {"type": "json_schema", "json_schema": {"name": "receipt", "schema": SCHEMA}}
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "record_receipt",
        "description": "Record a receipt",
        "parameters": SCHEMA,
    },
}


def messages(text: str, *earlier: dict[str, Any]) -> Any:  # noqa: ANN401 - what openai takes
    picture = base64.b64encode(RECEIPT.read_bytes()).decode()
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}
    return [{"role": "user", "content": [part, {"type": "text", "text": text}]}, *earlier]


def test_an_answer_says_what_made_it_and_what_it_cost(subject: Subject) -> None:
    raw = subject.client.chat.completions.with_raw_response.create(
        model="qwen3-vl-plus", messages=messages("What is the total?")
    )
    answer = raw.parse()
    assert "22.84" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.id == f"chatcmpl-{raw.headers['x-request-id']}"
    assert raw.headers["x-qwen-vision-engine"] == subject.name.partition("-")[0]
    assert answer.system_fingerprint
    usage = answer.usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    details = usage.model_dump()["prompt_tokens_details"]
    # 760 x 1120 by a factor of 32: 24 x 35 and the two marks.
    image_tokens = 842
    if subject.name == FOREIGN:
        # It tells the sum alone, as its own template writes the prompt.
        assert usage.prompt_tokens > image_tokens
    else:
        assert details["image_tokens"] == image_tokens
        assert image_tokens + details["text_tokens"] == usage.prompt_tokens


def test_a_stream_says_the_same_as_the_whole_answer(subject: Subject) -> None:
    asked = messages("What is the total?")
    whole = subject.client.chat.completions.create(model="qwen3-vl-plus", messages=asked)
    stream = subject.client.chat.completions.create(
        model="qwen3-vl-plus",
        messages=asked,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert chunks[-1].choices == []
    assert whole.usage is not None
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens


def test_thinking_comes_before_the_answer_and_beside_it(subject: Subject) -> None:
    stream = subject.client.chat.completions.create(
        model="qwen3-vl-plus",
        messages=messages("What is the total?"),
        stream=True,
        extra_body={"enable_thinking": True, "thinking_budget": 2000},
    )
    order = []
    for chunk in stream:
        for choice in chunk.choices:
            delta = choice.delta.model_dump()
            if delta.get("reasoning_content"):
                order.append("thought")
            if delta.get("content"):
                order.append("answer")
    assert order[0] == "thought"
    assert order[-1] == "answer"
    assert order == sorted(order, reverse=True)


def test_a_schema_is_answered_with_json_that_fits(subject: Subject) -> None:
    answer = subject.client.chat.completions.create(
        model="qwen3.6-plus",
        messages=messages("Extract the receipt as JSON."),
        response_format=FORMAT,
    )
    found = json.loads(answer.choices[0].message.content or "")
    assert list(found) == ["total"]
    assert "22.84" in found["total"]


def test_a_forced_tool_is_called_with_fitting_arguments(subject: Subject) -> None:
    answer = subject.client.chat.completions.create(
        model="qwen3-vl-plus",
        messages=messages("Fill the tool."),
        tools=[TOOL],
        tool_choice={"type": "function", "function": {"name": "record_receipt"}},
    )
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls is not None
    (call,) = choice.message.tool_calls
    assert call.type == "function"
    assert call.id
    assert call.function.name == "record_receipt"
    assert "22.84" in json.loads(call.function.arguments)["total"]


def test_a_stop_sequence_is_never_said(subject: Subject) -> None:
    answer = subject.client.chat.completions.create(
        model="qwen3-vl-plus", messages=messages("What is the total?"), stop=["22"]
    )
    assert "22" not in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"


def test_a_later_question_may_be_about_an_earlier_picture(subject: Subject) -> None:
    answer = subject.client.chat.completions.create(
        model="qwen3-vl-plus",
        messages=messages(
            "What is in this image?",
            {"role": "assistant", "content": "A receipt."},
            {"role": "user", "content": "What is the total?"},
        ),
    )
    assert "22.84" in (answer.choices[0].message.content or "")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"temperature": 2}, "Temperature should be in [0.0, 2.0)"),
        ({"messages": []}, "[] is too short - 'messages'"),
        ({"model": "qvq-max"}, "This model only support stream mode"),
        ({"extra_body": {"coordinates": "inches"}}, "coordinates is 'inches'; it must be 'pixel'"),
    ],
)
def test_a_bad_request_is_refused_alike(
    subject: Subject, fields: dict[str, Any], words: str
) -> None:
    asked = {"model": "qwen3-vl-plus", "messages": messages("What?"), **fields}
    with pytest.raises(openai.BadRequestError) as caught:
        subject.client.chat.completions.create(**asked)
    assert words in caught.value.message


def test_places_are_told_in_the_unit_asked_for(subject: Subject) -> None:
    asked = messages("Locate the text 'GREEN VALLEY MARKET', as boxes (bbox_2d).")
    boxes = []
    for unit, whole in (("pixel", (760, 1120)), ("0-1", (1, 1)), ("0-1000", (1000, 1000))):
        answer = subject.client.chat.completions.create(
            model="qwen3-vl-plus", messages=asked, extra_body={"coordinates": unit}
        )
        assert answer.model_extra is not None
        assert answer.model_extra["coordinates"] == unit
        found = re.search(r'"bbox_2d": (\[.*?\])', answer.choices[0].message.content or "")
        assert found
        boxes.append([n / whole[i % 2] for i, n in enumerate(json.loads(found[1]))])
    assert boxes[0] == pytest.approx(boxes[2], abs=0.002)
    assert boxes[1] == pytest.approx(boxes[2], abs=0.002)
    assert all(0 <= number <= 1 for number in boxes[0])


def test_a_broken_picture_is_refused_and_the_next_request_served(subject: Subject) -> None:
    broken: Any = [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,bm9wZQ=="}},
                {"type": "text", "text": "What?"},
            ],
        }
    ]
    with pytest.raises(openai.BadRequestError):
        subject.client.chat.completions.create(
            model="qwen3-vl-plus",
            messages=broken,
        )
    answer = subject.client.chat.completions.create(
        model="qwen3-vl-plus", messages=messages("What is the total?")
    )
    assert answer.choices[0].message.content
