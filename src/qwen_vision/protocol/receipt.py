"""Receipt: what was done to each picture, video and page of a request."""

from msgspec import UNSET, Struct, UnsetType


class MediaReceipt(Struct, omit_defaults=True):
    """What happened to one item, in the order the items came.

    Sizes are [width, height] in pixels, upright; times in seconds, stage times in
    milliseconds. `param` is the path of the content part.
    """

    index: int
    param: str
    kind: str
    source: str
    format: str | UnsetType = UNSET
    bytes: int | UnsetType = UNSET
    original_size: tuple[int, int] | UnsetType = UNSET
    final_size: tuple[int, int] | UnsetType = UNSET
    orientation: int | UnsetType = UNSET
    tokens: int | UnsetType = UNSET
    page: int | UnsetType = UNSET
    duration_s: float | UnsetType = UNSET
    frames: int | UnsetType = UNSET
    frame_times_s: list[float] | UnsetType = UNSET
    stages_ms: dict[str, float] | UnsetType = UNSET
    note: str | UnsetType = UNSET
