"""Scripted engine: plays a written list of events. For testing your own app, trouble included."""

from pathlib import Path

from qwen_vision.engines.base import Engine, Plugin
from qwen_vision.engines.scripted.engine import ScriptedEngine
from qwen_vision.engines.scripted.script import DEFAULT_SCRIPT, read_script
from qwen_vision.settings import EngineSettings


def _build(argument: str, _settings: EngineSettings) -> Engine:
    return ScriptedEngine(read_script(Path(argument)) if argument else DEFAULT_SCRIPT)


plugin = Plugin(
    name="scripted",
    summary="plays the events of a script file (scripted:FILE), for testing your own app",
    build=_build,
    missing=lambda: None,
)
