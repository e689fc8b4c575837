"""Loads models.toml into Model values and finds them by id or snapshot."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from qwen_vision.catalogue.model import Model
from qwen_vision.errors import ModelNotFoundError

DEFAULT_MODEL_ID = "qwen3.6-plus"


@cache
def models() -> tuple[Model, ...]:
    """Every model, in the order of the catalogue."""
    text = resources.files("qwen_vision.catalogue").joinpath("models.toml").read_text("utf-8")
    data = tomllib.loads(text)
    entries = [*data["model"]]
    for family in data["family"]:
        entries += [{**family, "id": model_id} for model_id in family["ids"]]
    return tuple(_build(entry, data) for entry in entries)


def _build(entry: Mapping[str, Any], data: Mapping[str, Any]) -> Model:
    return msgspec.convert(
        {
            **entry,
            "pixels": data["pixels"][entry["pixels"]],
            "sampling": data["sampling"][entry["sampling"]],
        },
        Model,
    )


@cache
def _by_id() -> dict[str, Model]:
    return {name: model for model in models() for name in model.names}


def find_model(model_id: str, *, any_model: bool = False) -> Model:
    """The model with this id or snapshot.

    With `any_model` an unknown id gets the default entry. Raises ModelNotFoundError.
    """
    model = _by_id().get(model_id)
    if model is not None:
        return model
    if any_model:
        return _by_id()[DEFAULT_MODEL_ID]
    raise ModelNotFoundError(model=model_id)
