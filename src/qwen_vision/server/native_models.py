"""`GET /api/v1/models`: the catalogue as the native dialect lists it, page by page."""

from typing import Final
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct

from qwen_vision.catalogue.catalogue import models
from qwen_vision.catalogue.model import Model
from qwen_vision.errors import FieldTypeError
from qwen_vision.server.exchange import Exchange

_DEFAULT_PAGE_SIZE: Final = 10
_MAX_PAGE_SIZE: Final = 1000


class NativeModel(Struct):
    """One model a request may name, with its limits in tokens."""

    model: str
    name: str
    description: str
    created: int
    context_window: int
    max_input_tokens: int
    max_output_tokens: int
    takes_video: bool
    thinking: str


class NativeModels(Struct):
    """One page of models; `total` counts all that fit the filter."""

    total: int
    page_no: int
    page_size: int
    models: list[NativeModel]


class NativeModelsAnswer(Struct):
    """The envelope."""

    output: NativeModels
    request_id: str


class NativeModelsRoute:
    """Lists the catalogue, snapshots included."""

    def __init__(self) -> None:
        """Build the list once: it does not change while the server runs."""
        self._models = [_entry(name, model) for model in models() for name in model.names]

    async def list(self, exchange: Exchange) -> None:
        """Answer with one page; `model` filters by id. Raises FieldTypeError for a bad number."""
        query = parse_qs(exchange.scope["query_string"].decode("latin-1"))
        page_no = _number(query, "page_no", default=1)
        page_size = min(_number(query, "page_size", default=_DEFAULT_PAGE_SIZE), _MAX_PAGE_SIZE)
        wanted = query.get("model", [""])[0]
        found = [entry for entry in self._models if wanted in ("", entry.model)]
        start = (page_no - 1) * page_size
        page = NativeModels(
            total=len(found),
            page_no=page_no,
            page_size=page_size,
            models=found[start : start + page_size],
        )
        answer = NativeModelsAnswer(output=page, request_id=exchange.request_id)
        await exchange.answer(msgspec.json.encode(answer))


def _entry(name: str, model: Model) -> NativeModel:
    return NativeModel(
        model=name,
        name=name,
        description=model.note,
        created=model.created,
        context_window=model.context_tokens,
        max_input_tokens=model.max_input_tokens,
        max_output_tokens=model.max_output_tokens,
        takes_video=model.takes_video,
        thinking=model.thinking,
    )


def _number(query: dict[str, list[str]], name: str, *, default: int) -> int:
    text = query.get(name, [str(default)])[0]
    if not text.isascii() or not text.isdigit() or int(text[:9]) < 1:
        raise FieldTypeError(f"{name} is '{text[:40]}'; use a whole number from 1.", param=name)
    return int(text[:9])
