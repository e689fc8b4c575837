"""Llamacpp engine: Qwen-VL weights of one's own (GGUF), run in this process by llama.cpp."""

from importlib import import_module
from importlib.util import find_spec
from typing import Final

from qwen_vision.engines.base import Engine, Plugin
from qwen_vision.settings import EngineSettings


def _missing() -> str | None:
    return None if find_spec("xllamacpp") else "llamacpp"


def _build(argument: str, settings: EngineSettings) -> Engine:
    # The library is 100 MB: only who has weights loads it.
    module = import_module("qwen_vision.engines.llamacpp.engine")
    engine: Engine = module.build(argument, settings)
    return engine


def _copies(argument: str, settings: EngineSettings, processes: int) -> str:
    module = import_module("qwen_vision.engines.llamacpp.weights")
    said: str = module.weigh_copies(argument, settings.weights, processes=processes)
    return said


plugin: Final = Plugin(
    name="llamacpp",
    summary="runs Qwen-VL weights (GGUF) in this process; see 'qwen-vision pull --help'",
    build=_build,
    missing=_missing,
    copies=_copies,
)
