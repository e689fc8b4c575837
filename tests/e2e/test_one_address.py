"""One configuration, three engines, one address: the guide's requests go where they belong.

`qwen3-vl-plus` is answered by another server, `qwen3-vl-flash` by weights in this process and
`qwen-vl-ocr` by the embedded engine. The other server is llama.cpp in a process of its own, or
a real vLLM. Weights recite a script, so that their answers can be told from noise.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.contract.test_engines import FORMAT, RECITED, TOOL
from tests.e2e.conftest import KEY, start_server
from tests.engines.llamacpp.tiny import write_model, write_projector

CONFIGURATION = """
engine = "embedded"

[models]
"qwen3-vl-plus" = "upstream:far"
"qwen3-vl-flash" = "llamacpp:{model}:{projector}"
"qwen-vl-ocr" = "embedded"

[upstream.far]
url = "{url}"
profile = "{profile}"
{name}

[weights]
slots = 1
context_tokens = 4096
"""
ENGINES = {"qwen3-vl-plus": "upstream", "qwen3-vl-flash": "llamacpp", "qwen-vl-ocr": "embedded"}
# What can think, take a schema and call tools.
VERSATILE = ("qwen3-vl-plus", "qwen3-vl-flash")
SAID = dict.fromkeys(VERSATILE, "The total is EUR 22.84. {") | {"qwen-vl-ocr": "22.84"}


@dataclass(frozen=True)
class Address:
    """The one address, and a client of it."""

    client: OpenAI
    files: str

    def ask(self, model: str, words: str, **fields: Any) -> Any:  # noqa: ANN401 - as the SDK
        """What the SDK returns for a picture of a receipt and these words."""
        url = f"{self.files}/O1CN01ktT8451iQutqReELT.jpg"
        parts = [
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "text", "text": words},
        ]
        create = self.client.chat.completions.with_raw_response.create
        messages: Any = [{"role": "user", "content": parts}]
        raw = create(model=model, messages=messages, **fields)
        assert raw.headers["x-qwen-vision-engine"] == ENGINES[model]
        return raw.parse()


@pytest.fixture(
    scope="module",
    params=[
        "llama.cpp",
        pytest.param("vllm", marks=[pytest.mark.vllm, pytest.mark.timeout(60, func_only=True)]),
    ],
)
def address(
    request: pytest.FixtureRequest, files: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Address]:
    """A server of this configuration, before each kind of other server."""
    pytest.importorskip("xllamacpp", reason="pip install 'qwen-vision[llamacpp]'")
    folder = tmp_path_factory.mktemp("weights")
    model = write_model(folder / "model.gguf", script=RECITED, thinks="tight")
    projector = write_projector(folder / "mmproj.gguf")
    running = []
    if request.param == "vllm":
        far = {"url": request.getfixturevalue("vllm"), "profile": "vllm", "name": 'model = "tiny"'}
    else:
        second = tmp_path_factory.mktemp("second")
        engine = f"llamacpp:{model}:{projector}"
        process, url = start_server(second, "--allow-private-network", "--engine", engine)
        running.append(process)
        far = {"url": f"{url}/v1", "profile": "qwen-vision", "name": ""}
    words = CONFIGURATION.format(model=model, projector=projector, **far)
    (folder / "qwen-vision.toml").write_text(words)
    process, url = start_server(folder, "--allow-private-network")
    running.append(process)
    with OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0) as client:
        yield Address(client, files)
    for process in reversed(running):
        process.terminate()
        process.wait()


@pytest.mark.parametrize("model", ENGINES)
def test_each_model_is_answered_by_the_engine_it_was_given(address: Address, model: str) -> None:
    answer = address.ask(model, "What is the total?")
    assert SAID[model] in answer.choices[0].message.content
    assert answer.model == model
    # 760 x 1120 by a factor of 32, and the two marks.
    assert answer.usage.prompt_tokens_details.image_tokens == 842


@pytest.mark.parametrize("model", ENGINES)
def test_each_model_streams_with_usage_at_the_end(address: Address, model: str) -> None:
    stream = address.ask(
        model, "What is the total?", stream=True, stream_options={"include_usage": True}
    )
    *chunks, last = list(stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert SAID[model] in said
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert last.choices == []
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens


@pytest.mark.parametrize("model", VERSATILE)
def test_thoughts_stream_before_the_answer(address: Address, model: str) -> None:
    stream = address.ask(
        model,
        "Analyze the receipt step by step.",
        stream=True,
        extra_body={"enable_thinking": True, "thinking_budget": 81920},
    )
    thought = said = ""
    for chunk in stream:
        delta = chunk.choices[0].delta
        if reasoning := getattr(delta, "reasoning_content", None):
            assert not said
            thought += reasoning
        said += delta.content or ""
    assert thought.startswith("I look.")
    assert said.startswith(SAID[model])


@pytest.mark.parametrize("model", VERSATILE)
def test_a_schema_is_kept(address: Address, model: str) -> None:
    answer = address.ask(model, "Extract the receipt as JSON.", response_format=FORMAT)
    assert json.loads(answer.choices[0].message.content) == {"total": "22.84"}
    assert answer.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("model", VERSATILE)
def test_a_schema_is_kept_after_a_thought(address: Address, model: str) -> None:
    answer = address.ask(
        model,
        "Extract the receipt as JSON.",
        response_format=FORMAT,
        extra_body={"enable_thinking": True, "structured_thinking": True},
    )
    message = answer.choices[0].message
    assert message.reasoning_content.startswith("I look.")
    assert json.loads(message.content) == {"total": "22.84"}


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("model", VERSATILE)
def test_a_tool_is_called(address: Address, model: str, streams: bool) -> None:
    choice = {"type": "function", "function": {"name": "record_receipt"}}
    answer = address.ask(
        model, "Record the receipt.", tools=[TOOL], tool_choice=choice, stream=streams
    )
    if streams:
        chunks = [chunk.choices[0] for chunk in answer]
        calls = [call for chunk in chunks for call in chunk.delta.tool_calls or ()]
        reason = chunks[-1].finish_reason
    else:
        calls = answer.choices[0].message.tool_calls
        reason = answer.choices[0].finish_reason
    assert calls[0].function.name == "record_receipt"
    assert json.loads("".join(call.function.arguments for call in calls)) == {"total": "22.84"}
    assert reason == "tool_calls"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"extra_body": {"enable_thinking": True}}, "does not support enable_thinking"),
        ({"response_format": FORMAT}, "does not support response_format"),
        ({"tools": [TOOL]}, "tool call is not supported"),
    ],
)
def test_what_a_model_lacks_is_refused_by_its_name(
    address: Address, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=words):
        address.ask("qwen-vl-ocr", "What is the total?", **fields)


def test_the_example_stands_in_the_guide_to_upstreams() -> None:
    page = Path(__file__).parents[2] / "docs" / "guides" / "upstreams.md"
    lines = [line.split("#")[0].strip() for line in page.read_text("utf-8").splitlines()]
    for model, engine in ENGINES.items():
        assert any(line.startswith(f'"{model}" = "{engine}') for line in lines), model
