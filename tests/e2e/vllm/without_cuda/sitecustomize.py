"""Lets torchvision be imported on a machine without CUDA; on the PYTHONPATH of vLLM alone.

Wheels of torchvision are often linked to CUDA. Without it their compiled operators cannot be
loaded, and the import fails over two whose shapes it wants to describe. vLLM serves Qwen3-VL
without them, so they are given a name right before. vLLM starts processes of its own, and
Python imports this file in each.
"""

import sys
from typing import Any


class _NamesOperators:
    """A finder that finds nothing: it only sees what is about to be imported."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "torchvision._meta_registrations":
            modules: dict[str, Any] = dict(sys.modules)
            if not modules["torchvision.extension"]._has_ops():
                for operator in ("nms", "qnms"):
                    shape = "(Tensor boxes, Tensor scores, float threshold) -> Tensor"
                    modules["torch"].library.define(f"torchvision::{operator}", shape)


sys.meta_path.insert(0, _NamesOperators())
