"""Upstream engine: another server of the dialect answers, through this one's door."""

from importlib import import_module

from qwen_vision.engines.base import Engine, Plugin
from qwen_vision.settings import EngineSettings


def _build(argument: str, settings: EngineSettings) -> Engine:
    # The HTTP client costs 150 ms of import: only who has an upstream pays for it.
    module = import_module("qwen_vision.engines.upstream.engine")
    engine: Engine = module.build(argument, settings)
    return engine


plugin = Plugin(
    name="upstream",
    summary="asks a server you name: DashScope, vLLM, SGLang, llama-server, Ollama or the like",
    build=_build,
    missing=lambda: None,
)
