"""Receipt: what was done to each picture, video and page of a request."""

from msgspec import UNSET, Struct, UnsetType, field

from qwen_vision.protocol.places import Space, Unit


class Evidence(Struct, omit_defaults=True):
    """Where a value of the answer was read.

    `field` is the path of the value in the answer (`items[0].price`) or the name of what was
    asked; `item` the index of the picture or video, `page` its page. `box` is [left, top,
    right, bottom] in pixels of the upright original; `text` what stands there; `confidence`
    0 to 1. `note` says why a value was taken, or why none was.
    """

    field: str
    item: int = 0
    page: int | UnsetType = UNSET
    box: tuple[int, int, int, int] | UnsetType = UNSET
    text: str | UnsetType = UNSET
    confidence: float | UnsetType = UNSET
    time_s: float | UnsetType = UNSET
    note: str | UnsetType = UNSET


class CoordinateChange(Struct):
    """How places in the answer were counted by the model, and how they are told.

    `resized` are pixels of the picture in its final size.
    """

    source: Space = field(name="from")
    to: Unit


class MediaReceipt(Struct, omit_defaults=True):
    """What happened to one item, in the order the items came.

    Sizes are [width, height] in pixels, upright; times in seconds, stage times in
    milliseconds. `param` is the path of the content part. `coordinates` is there when the
    request asked for places in a unit.
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
    evidence: list[Evidence] | UnsetType = UNSET
    coordinates: CoordinateChange | UnsetType = UNSET
