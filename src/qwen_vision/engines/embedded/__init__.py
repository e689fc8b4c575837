"""Embedded engine: deterministic perception on a CPU."""

import importlib
from importlib.util import find_spec
from typing import Final

from qwen_vision.engines.base import Engine, Plugin
from qwen_vision.settings import EngineSettings

_NEEDS: Final = ("rapidocr", "onnxruntime", "zxingcpp", "cv2", "numpy")


def _missing() -> str | None:
    return None if all(find_spec(name) for name in _NEEDS) else "embedded"


def _build(argument: str, settings: EngineSettings) -> Engine:
    # Listing engines must stay light: the rooms are imported when the engine is built.
    module = importlib.import_module("qwen_vision.engines.embedded.engine")
    engine: Engine = module.build(argument, threads=settings.threads)
    return engine


plugin: Final = Plugin(
    name="embedded",
    summary="reads text, codes, colours and sizes on this machine; no key, no model download",
    build=_build,
    missing=_missing,
)
