"""An upstream in a process of its own: `qwen-vision serve` in front, another server behind."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import UNSET
from PIL import Image

from qwen_vision.engines.upstream.engine import UpstreamEngine
from qwen_vision.errors import RemoteError
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.settings import MediaSettings, ServerSettings, UpstreamSettings
from tests.e2e.conftest import start_server
from tests.engines.llamacpp.conftest import request, said
from tests.engines.llamacpp.tiny import write_model, write_projector
from tests.engines.upstream.foreign import llama_server
from tests.server.site import Site

if TYPE_CHECKING:
    import subprocess

Serve = Callable[..., str]
Start = Callable[..., str]
BOX = '{"bbox_2d": [100, 200, 500, 600]}'
RECITED = {
    "<think>": "I ",
    "I ": "look ",
    "look ": "hard.",
    "hard.": "</think>",
    "</think>": "A red ",
    "\n": "A red ",
    "A red ": "square ",
    "square ": BOX,
    BOX: "<|im_end|>",
}
ANSWER = f"A red square {BOX}"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `qwen-vision serve` in a folder of its own -> its address."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(name: str, *words: str, **files: str) -> str:
        folder = tmp_path / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file.replace("_", ".")).write_text(text)
        process, address = start_server(folder, *words)
        running.append(process)
        return address

    yield begin
    for process in running:
        process.terminate()
    for process in running:
        process.wait(20)


def ask(address: str, **fields: object) -> tuple[int, Any]:
    body = {"model": "qwen3-vl-plus", "messages": [{"role": "user", "content": "Hi"}], **fields}
    answer = Site(address, Path()).call("POST", "/v1/chat/completions", body=json.dumps(body))
    return answer.status, answer.json


def test_the_key_of_an_upstream_may_stand_in_the_env_file(serve: Serve, start: Start) -> None:
    guarded = serve(settings=ServerSettings(port=0, keys=frozenset({"sk-of-the-file"})))
    words = ("--upstream", f"far={guarded}/v1")
    status, body = ask(start("without", *words))
    assert (status, "refused this server's key" in str(body)) == (500, True)
    status, _ = ask(start("with", *words, _env="QWEN_VISION_UPSTREAM_KEY_FAR=sk-of-the-file\n"))
    assert status == 200


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("weights")
    model = write_model(folder / "model.gguf", script=RECITED, thinks="tight")
    return model, write_projector(folder / "mmproj.gguf")


@pytest.fixture(scope="module")
def foreign(weights: tuple[Path, Path]) -> Iterator[str]:
    with llama_server(*weights) as address:
        yield f"{address}/v1"


@pytest.fixture
async def behind(foreign: str) -> AsyncIterator[Pipeline]:
    """A pipeline whose upstream is llama.cpp's own server."""
    settings = UpstreamSettings(name="far", urls=(foreign,), profile="llama-server")
    pipeline = Pipeline(UpstreamEngine(settings), MediaDoor(MediaSettings()))
    yield pipeline
    await pipeline.aclose()


def picture(kind: str = "PNG") -> dict[str, object]:
    file = io.BytesIO()
    Image.new("RGB", (320, 160), "red").save(file, kind)
    url = f"data:image/{kind.lower()};base64," + base64.b64encode(file.getvalue()).decode()
    return {"type": "image_url", "image_url": {"url": url}}


def test_weights_in_a_second_process_answer_through_the_first(
    weights: tuple[Path, Path], start: Start
) -> None:
    model, projector = weights
    far = start("far", "--model", str(model), "--mmproj", str(projector))
    near = start("near", "--upstream", f"qwen-vision={far}/v1")
    content = [picture(), {"type": "text", "text": "What?"}]
    fields = {"messages": [{"role": "user", "content": content}], "temperature": 0}
    for more in ({}, {"enable_thinking": True}):
        status, body = ask(near, **fields, **more, coordinates="pixel")
        assert status == 200, body
        message = body["choices"][0]["message"]
        assert message["content"] == 'A red square {"bbox_2d": [32, 32, 160, 96]}'
        assert message.get("reasoning_content") == ("I look hard." if more else None)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("thinking", [False, True])
async def test_llama_server_thinks_and_answers_as_it_is_told(
    behind: Pipeline, stream: bool, thinking: bool
) -> None:
    asked = request("What?", enable_thinking=thinking, stream=stream, max_tokens=30)
    run = await behind.start(asked)
    completion = await run.collect()
    message = completion.choices[0].message
    assert message.content == ANSWER
    assert message.reasoning_content == ("I look hard." if thinking else UNSET)
    assert completion.usage is not None
    if not stream:
        assert completion.usage.completion_tokens == (8 if thinking else 4)


async def test_llama_server_sees_pictures_and_frames(behind: Pipeline) -> None:
    async def prompt_tokens(*content: object) -> int:
        completion = await behind.complete(request(*content, max_tokens=30))
        assert said(completion) == ANSWER
        assert completion.usage is not None
        return completion.usage.prompt_tokens

    bare = await prompt_tokens("What?")
    seen = await prompt_tokens(picture(), "What?")
    # 320 x 160 is 10 x 5 patches of 32.
    assert seen >= bare + 50
    frames = [str(picture()["image_url"]["url"])] * 4  # type: ignore[index]
    assert await prompt_tokens({"type": "video", "video": frames}, "What?") > seen


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "AVIF"])
async def test_llama_server_sees_every_format_of_the_dialect(behind: Pipeline, kind: str) -> None:
    content = (picture(kind), "What?")
    assert said(await behind.complete(request(*content, max_tokens=30))) == ANSWER


async def test_llama_server_keeps_a_schema_and_calls_a_tool(behind: Pipeline) -> None:
    schema = {
        "type": "object",
        "properties": {"kind": {"enum": ["cat", "dog"]}},
        "required": ["kind"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    completion = await behind.complete(request("What?", response_format=wanted, max_tokens=60))
    assert json.loads(said(completion))["kind"] in ("cat", "dog")
    tool = {"type": "function", "function": {"name": "tell", "parameters": schema}}
    forced = {"type": "function", "function": {"name": "tell"}}
    completion = await behind.complete(
        request("What?", tools=[tool], tool_choice=forced, max_tokens=60)
    )
    calls = completion.choices[0].message.tool_calls
    assert isinstance(calls, list)
    assert json.loads(calls[0].function.arguments)["kind"] in ("cat", "dog")


@pytest.mark.parametrize("stream", [False, True])
async def test_llama_server_ends_a_thought_at_its_budget(behind: Pipeline, stream: bool) -> None:
    asked = request("What?", enable_thinking=True, thinking_budget=1, stream=stream, max_tokens=60)
    message = (await (await behind.start(asked)).collect()).choices[0].message
    # Of its three words.
    assert str(message.reasoning_content).strip() == "I"
    assert "square" in str(message.content)


@pytest.mark.parametrize(("top", "count"), [(None, 0), (2, 2)])
async def test_llama_server_tells_how_likely_its_tokens_were(
    behind: Pipeline, top: int | None, count: int
) -> None:
    asked = request("What?", logprobs=True, top_logprobs=top, max_tokens=30)
    choice = (await behind.complete(asked)).choices[0]
    tokens = choice.logprobs["content"]
    assert "".join(token["token"] for token in tokens) == choice.message.content
    assert {len(token["top_logprobs"]) for token in tokens} == {count}


async def test_what_llama_server_refuses_is_told_in_its_own_words(behind: Pipeline) -> None:
    with pytest.raises(RemoteError, match="context") as caught:
        await behind.complete(request("word " * 6000))
    assert caught.value.status == 400
    assert said(await behind.complete(request("What?", max_tokens=30))) == ANSWER


async def test_leaving_frees_the_slots_of_llama_server(behind: Pipeline) -> None:
    for _ in range(12):
        asked = request("What?", stream=True, max_tokens=30)
        async with aclosing(behind.stream(asked)) as chunks:
            await anext(chunks)
    answers = await asyncio.gather(
        *(behind.complete(request("What?", max_tokens=30)) for _ in range(8))
    )
    assert {said(answer) for answer in answers} == {ANSWER}
