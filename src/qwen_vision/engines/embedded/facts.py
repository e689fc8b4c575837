"""Facts: what perception saw, typed, with where and how surely. No opinions in here."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal, TypeAlias

# Four corners (x, y) in pixels of the upright original: top left, top right, bottom right,
# bottom left as the text runs.
Quad: TypeAlias = tuple[
    tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]
]


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels of the upright original."""

    left: float
    top: float
    right: float
    bottom: float


def around(boxes: Iterable[Box]) -> Box:
    """The rectangle around all `boxes`; there is at least one."""
    edges = list(zip(*((box.left, box.top, box.right, box.bottom) for box in boxes), strict=True))
    return Box(min(edges[0]), min(edges[1]), max(edges[2]), max(edges[3]))


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text; `angle_deg` is its rotation, `confidence` 0 to 1.

    Lines that stand beside each other, such as a label and its value, share a `row`, counted
    from 0 in reading order. `stops` says where along the line (0 to 1) each character of
    `text` stands; it is empty when that is not known.
    """

    text: str
    quad: Quad
    confidence: float
    angle_deg: float = 0.0
    row: int = 0
    stops: tuple[float, ...] = ()

    @property
    def box(self) -> Box:
        """The upright rectangle around the line."""
        xs, ys = zip(*self.quad, strict=True)
        return Box(min(xs), min(ys), max(xs), max(ys))


@dataclass(frozen=True, slots=True)
class Barcode:
    """A decoded barcode: its payload, symbology (such as `QR Code`) and place."""

    payload: str
    symbology: str
    quad: Quad


@dataclass(frozen=True, slots=True)
class ColorShare:
    """A named colour and the share of the picture it covers, 0 to 1."""

    name: str
    hex: str
    share: float


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """Plain facts about the pixels: sharpness 0 (blurred) up, brightness and contrast 0 to 1.

    `leafy` is the share that has the green and the texture of leaves or grass.
    """

    width_px: int
    height_px: int
    colors: tuple[ColorShare, ...]
    brightness: float
    contrast: float
    sharpness: float
    is_blank: bool
    is_grey: bool
    leafy: float = 0.0


@dataclass(frozen=True, slots=True)
class ObjectSeen:
    """An object that was found; `label` in English, confidence 0 to 1.

    `kinds` are the wider words that hold for it too, such as `animal` for a dog.
    """

    label: str
    confidence: float
    box: Box
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: zero-based place, spans, text and the lines it was read from."""

    row: int
    column: int
    text: str
    box: Box | None = None
    row_span: int = 1
    column_span: int = 1
    is_header: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its cells in reading order and its size."""

    rows: int
    columns: int
    cells: tuple[Cell, ...]
    box: Box


@dataclass(frozen=True, slots=True)
class ChartMark:
    """One value of a chart, with the category and the series (or "") it belongs to.

    `text` is the number as it is `printed`, else as it was measured, rounded to what one
    pixel tells apart. Of a pie it is the share in percent.
    """

    category: str
    series: str
    value: float
    text: str
    box: Box
    printed: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: its kind, its words and the values of its marks, from left to right.

    `kind` is `bar`, `line`, `area`, `scatter` or `pie`. A scatter plot has no marks: `dots`
    counts its points and `ranges` holds their x and y from least to most. `unread` counts
    marks that were seen but could not be named.
    """

    kind: str
    marks: tuple[ChartMark, ...]
    box: Box
    title: str = ""
    x_title: str = ""
    y_title: str = ""
    lies: bool = False
    is_stacked: bool = False
    is_log: bool = False
    dots: int = 0
    ranges: tuple[tuple[float, float], ...] = ()
    unread: int = 0

    @property
    def series(self) -> tuple[str, ...]:
        """The names of its series, in the order they come."""
        return tuple(dict.fromkeys(mark.series for mark in self.marks))

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of its categories, in the order they come."""
        return tuple(dict.fromkeys(mark.category for mark in self.marks))


@dataclass(frozen=True, slots=True)
class Reading:
    """The text of a picture in reading order; `rotation_deg` is how the page was turned.

    `chart` is what the picture shows as a chart, if it is one; `axis_labels` are the names along
    the foot of what stands as one, also those whose marks were not measured.
    """

    lines: tuple[TextLine, ...]
    tables: tuple[Table, ...] = ()
    rotation_deg: int = 0
    notes: tuple[str, ...] = field(default=())
    chart: Chart | None = None
    axis_labels: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[tuple[TextLine, ...], ...]:
        """The lines, grouped by the row they stand on, each row from left to right."""
        grouped = groupby(self.lines, key=lambda line: line.row)
        return tuple(tuple(row) for _, row in grouped)

    @property
    def text(self) -> str:
        """All text, one row a line."""
        return "\n".join(" ".join(line.text for line in row) for row in self.rows)


@dataclass(frozen=True, slots=True)
class SceneSeen:
    """What a picture, or a part of it, looks like: an English label, its confidence 0 to 1.

    `kinds` are the everyday words that hold for it, the narrowest first: `duck` for a drake.
    """

    label: str
    confidence: float
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rounds:
    """Separate shapes on an even ground; `round_ones` says how many of them are round."""

    boxes: tuple[Box, ...]
    round_ones: int


Shown: TypeAlias = Literal["all", "part", "more", "beside"]


@dataclass(frozen=True, slots=True)
class Region:
    """A place that changed, and its main colours before and after; empty where none prevails."""

    box: Box
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """How two pictures differ.

    `likeness` runs from 0 (nothing in common) to 1 (the same). `regions` are the places that
    changed, in pixels of the first picture, largest first. They and all that follows are known
    only if the pictures show the same thing (`aligned`): how the second is turned (clockwise)
    and mirrored, whether it shows all of the first, `gain` times its light, and no colours.
    """

    likeness: float
    identical: bool
    aligned: bool
    first_px: tuple[int, int]
    second_px: tuple[int, int]
    regions: tuple[Region, ...] = ()
    turn_deg: int = 0
    mirrored: bool = False
    shown: Shown = "all"
    gain: float = 1.0
    made_grey: bool = False


@dataclass(frozen=True, slots=True)
class Motion:
    """How much changed between a frame and the one before it.

    `amount` is the mean change of luma, 0 to 1. `right` and `down` say where the whole view
    moved, in parts of its width and height per second, `nearer` how much it grew per second
    (.1: by a tenth; negative: it shrank).
    """

    time_s: float
    amount: float
    right: float = 0.0
    down: float = 0.0
    nearer: float = 0.0

    @property
    def is_of_view(self) -> bool:
        """Whether the whole view moved."""
        return bool(self.right or self.down or self.nearer)


@dataclass(frozen=True, slots=True)
class Point:
    """Where a mover was at a time; `box` is in parts of width and height, 0 to 1."""

    time_s: float
    box: Box


@dataclass(frozen=True, slots=True)
class Mover:
    """Something that moved or changed before a still ground.

    `color` is its name when one colour makes up most of it, `label` what it was recognised as.
    `gone_s` is the time of the first frame without it; None when it stayed to the end of its shot.
    """

    points: tuple[Point, ...]
    gone_s: float | None = None
    came: bool = False
    color: str = ""
    label: str = ""

    @property
    def start_s(self) -> float:
        """When it was first seen."""
        return self.points[0].time_s

    @property
    def end_s(self) -> float:
        """When it was last seen."""
        return self.points[-1].time_s


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the whole picture: a cut, or one that takes time.

    `kind` is `cut`, `dissolve`, `fade in` or `fade out`; a cut lasts no time.
    """

    kind: Literal["cut", "dissolve", "fade in", "fade out"]
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Shot:
    """A stretch of video without a cut; `picture` describes the frame at `frame_time_s`.

    `motions` are those from frame to frame within it; `movers` is empty while the view moves,
    since they are told from a still ground. `brighter` says how much lighter (or, negative,
    darker) it ends than it begins, in parts of full white.
    """

    start_s: float
    end_s: float
    frame_time_s: float
    picture: PictureFacts
    motions: tuple[Motion, ...] = ()
    movers: tuple[Mover, ...] = ()
    brighter: float = 0.0
    objects: tuple[str, ...] | None = None
    scene: SceneSeen | None = None


@dataclass(frozen=True, slots=True)
class TextSpan:
    """Text that stood in the picture from `start_s` to `end_s`."""

    text: str
    start_s: float
    end_s: float
    line: TextLine


@dataclass(frozen=True, slots=True)
class Sighting:
    """The objects seen in the frame at `time_s`; `circles` counts round shapes if there are any."""

    time_s: float
    objects: tuple[ObjectSeen, ...] | None
    circles: int = 0


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What was seen in a video: shots, text over time, motion, objects over time.

    `texts` is empty when text was not read. `sees_objects` is false when no object detector is
    installed.
    """

    duration_s: float
    width_px: int
    height_px: int
    frames_seen: int
    shots: tuple[Shot, ...]
    motions: tuple[Motion, ...]
    changes: tuple[Change, ...] = ()
    texts: tuple[TextSpan, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    sees_objects: bool = False
