"""Curves: lines that run across a plot, areas filled down to its foot, and bands on these."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.plots.paint import Color
from qwen_vision.engines.embedded.perception.plots.strokes import Stroke

_LEAST_COVER: Final = 0.35
# A line fills most columns from its first to its last, an area its columns to the foot.
_UNBROKEN: Final = 0.6
_LEAST_SPAN: Final = 0.35
_AREA_FOOT: Final = 0.9
_THICK: Final = 0.05
_FILLED: Final = 0.9
_FILLED_PX: Final = 8
_ON_PX: Final = 4
_LEVEL_PX: Final = 0.05
_LEVEL: Final = 0.95
_BOTH: Final = 2
_BEND: Final = 0.15


@dataclass(frozen=True, slots=True)
class Curve:
    """For each column of the plot the top and bottom of a line (nan where it is not).

    A band is filled between two lines, as an area that stands on another one is.
    """

    top: Raster
    bottom: Raster
    color: Color
    thick_px: float
    is_area: bool
    is_band: bool
    first: int
    last: int


def find_curves(strokes: Sequence[Stroke], foot: float | None) -> list[Curve]:
    """The strokes that are lines or areas; `foot` is the row that areas reach."""
    curves = []
    for stroke in strokes:
        curve = _curve(stroke, foot)
        if curve is not None:
            curves.append(curve)
    return curves


def _curve(stroke: Stroke, foot: float | None) -> Curve | None:
    cover = stroke.cover
    height, width = cover.shape
    on = cover >= _LEAST_COVER
    columns = np.flatnonzero(on.any(axis=0))
    first, last = int(columns[0]), int(columns[-1])
    span = last - first + 1
    if span < _LEAST_SPAN * width or len(columns) < _UNBROKEN * span:
        return None
    tops, bottoms = _longest_runs(cover, on)
    runs = (bottoms - tops)[columns]
    thick = float(np.nanpercentile(runs, 25))
    is_area = (
        foot is not None
        and float(np.mean(bottoms[columns] >= foot - 4)) >= _AREA_FOOT
        and float(np.nanmedian(runs)) > _FILLED_PX
    )
    is_band = not is_area and thick > max(10.0, _THICK * height)
    if is_band and len(columns) < _FILLED * span:
        return None
    return Curve(tops, bottoms, stroke.color, thick, is_area, is_band, first, last)


def is_stepped(curve: Curve) -> bool:
    """Whether a curve runs level but for a few steps up or down."""
    steps = np.abs(np.diff(curve.top[curve.first : curve.last + 1]))
    return float(np.mean(steps < _LEVEL_PX)) >= _LEVEL


def under(band: Curve, curves: Sequence[Curve]) -> Curve | None:
    """What a band stands on all along; None for one that floats."""
    for other in curves:
        if other is not band and (other.is_area or other.is_band):
            apart = np.abs(other.top - band.bottom)
            known = apart[np.isfinite(apart)]
            if len(known) and float((known <= _ON_PX).mean()) >= _FILLED:
                return other
    return None


def _longest_runs(cover: Raster, on: Raster) -> tuple[Raster, Raster]:
    """The longest unbroken run of each column, its ends between pixels by their cover."""
    width = on.shape[1]
    tops = np.full(width, np.nan)
    bottoms = np.full(width, np.nan)
    for column in np.flatnonzero(on.any(axis=0)):
        rows = np.flatnonzero(on[:, column])
        # Gaps of a pixel or two are crossings with other lines.
        breaks = np.flatnonzero(np.diff(rows) > 3)
        starts = np.concatenate([[0], breaks + 1])
        ends = np.concatenate([breaks, [len(rows) - 1]])
        at = int((rows[ends] - rows[starts]).argmax())
        top, bottom = int(rows[starts[at]]), int(rows[ends[at]])
        tops[column] = top + 1 - float(cover[top, column])
        bottoms[column] = bottom + float(cover[bottom, column])
    return tops, bottoms


def height_at(curve: Curve, x: float, *, step_px: float) -> float | None:
    """The row of a curve at a column; None where it does not run.

    Between two points a line is straight: it is followed to `x` from both sides, as a corner
    or a dot at `x` itself blurs where it is, and held within what is drawn there.
    """
    if not curve.first - 0.25 * step_px <= x <= curve.last + 0.25 * step_px + 1:
        return None
    x = min(max(x, curve.first + 0.5), curve.last + 0.5)
    is_filled = curve.is_area or curve.is_band
    rows = curve.top if is_filled else (curve.top + curve.bottom) / 2
    column = min(max(int(x), 0), len(rows) - 1)
    near, far = max(2.0, 0.1 * step_px), max(7.0, 0.38 * step_px)
    sides = [
        side
        for sign in (-1, 1)
        if (side := _followed(rows, x, sign=sign, near=near, far=far)) is not None
    ]
    if not sides:
        return float(rows[column]) if np.isfinite(rows[column]) else None
    if len(sides) == _BOTH:
        corner = _corner(sides, x, reach=max(4.0, 0.15 * step_px))
        if corner is not None:
            return corner
    guess = sum(slope * x + offset for slope, offset in sides) / len(sides)
    if not np.isfinite(rows[column]):
        return guess
    half = curve.thick_px / 2
    low = float(np.nanmin(curve.top[max(0, column - 1) : column + 2]))
    high = float(np.nanmax(curve.bottom[max(0, column - 1) : column + 2]))
    if is_filled:
        return min(max(guess, low), low + 3 + far * 0.1)
    return min(max(guess, low + half * 0.5), high - half * 0.5) if low + half < high else guess


def _followed(
    rows: Raster, x: float, *, sign: int, near: float, far: float
) -> tuple[float, float] | None:
    """Slope and offset of the straight line on one side of `x`."""
    start, end = sorted((x + sign * near, x + sign * far))
    places = np.arange(max(0, int(start)), min(len(rows), int(end) + 1))
    places = places[np.isfinite(rows[places])]
    if len(places) < 4:
        return None
    slope, offset = np.polyfit(places + 0.5, rows[places], 1)
    apart = np.abs(slope * (places + 0.5) + offset - rows[places])
    kept = places[apart <= max(1.0, 2.5 * float(np.median(apart)))]
    if len(kept) >= 4:
        slope, offset = np.polyfit(kept + 0.5, rows[kept], 1)
    return float(slope), float(offset)


def _corner(sides: Sequence[tuple[float, float]], x: float, *, reach: float) -> float | None:
    """The row where the lines on both sides meet, if they bend and meet near `x`.

    A label may stand a little beside the point it names.
    """
    (slope, offset), (other_slope, other_offset) = sides
    if abs(slope - other_slope) < _BEND:
        return None
    place = (other_offset - offset) / (slope - other_slope)
    return slope * place + offset if abs(place - x) <= reach else None
