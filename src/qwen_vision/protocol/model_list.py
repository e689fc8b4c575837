"""Model list: what `GET /models` answers (dialect.md, paths)."""

from msgspec import Struct


class ModelEntry(Struct):
    """One model a caller may name; `created` in seconds since 1970."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = "system"


class ModelList(Struct, kw_only=True):
    """Every model of the catalogue."""

    object: str = "list"
    data: list[ModelEntry]
