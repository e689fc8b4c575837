"""The scripted engine as a user of it sees it: a file, a name, events."""

from pathlib import Path

import msgspec
import pytest

from qwen_vision.engines.registry import build_engine, engine_names, find_plugin
from qwen_vision.errors import FileMissingError, ScriptError, SettingsError
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.settings import EngineSettings, MediaSettings

SCRIPT = """
[[answer]]
when = "INVOICE"
steps = [{ think = "Look." }, { text = "42" }]

[[answer]]
once = true
steps = [{ error = 429, message = "Later.", retry_after_s = 1 }]

[[answer]]
steps = [{ text = "ha", times = 3 }]
"""


def request(text: str) -> ChatRequest:
    messages = [{"role": "user", "content": [{"type": "text", "text": text}]}]
    return msgspec.convert({"model": "qwen3.6-plus", "messages": messages}, ChatRequest)


async def ask(pipeline: Pipeline, text: str) -> str | None:
    return (await pipeline.complete(request(text))).choices[0].message.content


async def test_a_toml_script_answers_by_what_the_prompt_says(tmp_path: Path) -> None:
    path = tmp_path / "script.toml"
    path.write_text(SCRIPT)
    pipeline = Pipeline(
        build_engine(f"scripted:{path}", EngineSettings()), MediaDoor(MediaSettings())
    )
    assert await ask(pipeline, "Read the invoice") == "42"
    with pytest.raises(Exception, match=r"Later\."):
        await ask(pipeline, "Hello")
    assert await ask(pipeline, "Hello") == "hahaha"
    await pipeline.aclose()


async def test_a_json_script_is_taken_too(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text('{"answer": [{"when": "x", "steps": [{"text": "X"}]}]}')
    pipeline = Pipeline(
        build_engine(f"scripted:{path}", EngineSettings()), MediaDoor(MediaSettings())
    )
    assert await ask(pipeline, "x") == "X"
    with pytest.raises(ScriptError, match="No answer of the script fits"):
        await ask(pipeline, "y")
    await pipeline.aclose()


async def test_without_a_file_it_says_hello() -> None:
    pipeline = Pipeline(build_engine("scripted", EngineSettings()), MediaDoor(MediaSettings()))
    assert await ask(pipeline, "Hi") == "Hello from the scripted engine."
    await pipeline.aclose()


@pytest.mark.parametrize(
    "text", ["answer = 3", "[[answer]]\nsteps = [{ tex = 'a' }]", "[[answer", "\xff"]
)
def test_a_bad_script_is_named_with_the_reason(tmp_path: Path, text: str) -> None:
    path = tmp_path / "script.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ScriptError, match="is no script"):
        build_engine(f"scripted:{path}", EngineSettings())


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError, match="No such file"):
        build_engine(f"scripted:{tmp_path / 'none.toml'}", EngineSettings())


def test_engines_are_found_by_name() -> None:
    assert "scripted" in engine_names()
    assert find_plugin("scripted").missing() is None
    with pytest.raises(SettingsError, match="There is no engine 'nope'"):
        build_engine("nope", EngineSettings())


async def test_broken_json_reaches_the_app_that_is_tested_with_it(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text('{"answer": [{"steps": [{"text": "{broken"}]}]}')
    pipeline = Pipeline(
        build_engine(f"scripted:{path}", EngineSettings()), MediaDoor(MediaSettings())
    )
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}
    asked = msgspec.convert(
        {**msgspec.to_builtins(request("x")), "response_format": schema}, ChatRequest
    )
    assert (await pipeline.complete(asked)).choices[0].message.content == "{broken"
    await pipeline.aclose()
