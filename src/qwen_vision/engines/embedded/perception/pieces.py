"""Pieces: what may be a table cell of its own. Lines that run over a wide gap are taken apart."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import TypeAlias

from qwen_vision.engines.embedded.facts import Quad, TextLine
from qwen_vision.engines.embedded.perception.order import Placed, placed

_Point: TypeAlias = tuple[float, float]

# Between words of one phrase lies about a third of the height of a line.
_WIDE_GAP = 1.1
_NARROW_GAP = 0.75


def pieces_of(lines: Sequence[TextLine], *, angle_deg: float) -> list[Placed]:
    """The lines, those with a wide gap inside split there, placed as `order.placed` does."""
    return placed([part for line in lines for part in _parts(line)], angle_deg=angle_deg)


def split_at(piece: Placed, edges: Sequence[float], *, angle_deg: float) -> list[Placed]:
    """The piece, cut at gaps between its words that lie at `edges`.

    An edge that is crossed by a word, or by words no further apart than usual, cuts nothing.
    """
    line = piece.line
    left, width = piece.box.left, piece.box.right - piece.box.left
    steps = _steps(line, width)
    usual = _usual(steps)
    cuts = set()
    for edge in edges:
        near = [
            (step, after)
            for step, before, after in steps
            if after > before + 1
            and left + line.stops[before] * width < edge < left + line.stops[after] * width
        ]
        if near and near[0][0] - usual > _NARROW_GAP * piece.height:
            cuts.add(near[0][1])
    return placed(_cut(line, sorted(cuts)), angle_deg=angle_deg) if cuts else [piece]


def cut_at_walls(piece: Placed, walls: Sequence[float], *, wider: float = 0.0) -> list[Placed]:
    """The piece, cut at the space nearest to each line ruled through it.

    Only spaces that are `wider` than letters stand apart, in letter heights, are cut.
    """
    line = piece.line
    left, width = piece.box.left, piece.box.right - piece.box.left
    steps = _steps(line, width)
    least = _usual(steps) + wider * piece.height
    cuts = set()
    for wall in walls:
        if not piece.box.left + piece.height < wall < piece.box.right - piece.height:
            continue
        spaces = [
            (abs(left + (line.stops[before] + line.stops[after]) / 2 * width - wall), after)
            for step, before, after in steps
            if after > before + 1 and step >= least
        ]
        distance, after = min(spaces, default=(width, 0))
        if distance < piece.height:
            cuts.add(after)
    return placed(_cut(line, sorted(cuts)), angle_deg=0.0) if cuts else [piece]


def _steps(line: TextLine, width: float) -> list[tuple[float, int, int]]:
    """How far apart letters that follow each other stand, and their indexes; spaces are none."""
    if len(line.stops) < len(line.text):
        return []
    solid = [index for index, char in enumerate(line.text) if char != " "]
    return [
        ((line.stops[after] - line.stops[before]) * width, before, after)
        for before, after in pairwise(solid)
    ]


def _usual(steps: Sequence[tuple[float, int, int]]) -> float:
    return median([step for step, before, after in steps if after == before + 1] or [0.0])


def _parts(line: TextLine) -> list[TextLine]:
    stops = line.stops
    if len(stops) < 4:
        return [line]
    box = line.box
    height = max(1.0, box.bottom - box.top)
    width = box.right - box.left
    steps = _steps(line, width)
    usual = _usual(steps)
    cuts = [
        after
        for step, before, after in steps
        if step - usual > _WIDE_GAP * height and (after > before + 1 or step > 4 * usual)
    ]
    return _cut(line, cuts) if cuts else [line]


def _cut(line: TextLine, cuts: Sequence[int]) -> list[TextLine]:
    parts = []
    for start, end in zip([0, *cuts], [*cuts, len(line.text)], strict=True):
        text = line.text[start:end]
        first = start + len(text) - len(text.lstrip())
        parts.append(_part(line, first, start + len(text.rstrip())))
    return parts


def _part(line: TextLine, first: int, last: int) -> TextLine:
    """The characters `first` to `last` of a line as a line of their own."""
    stops = line.stops
    pitch = (stops[-1] - stops[0]) / max(1, len(stops) - 1)
    low = max(0.0, stops[first] - pitch * 0.7) if first else 0.0
    high = min(1.0, stops[last - 1] + pitch * 0.7) if last < len(line.text) else 1.0
    span = max(high - low, 1e-6)
    return replace(
        line,
        text=line.text[first:last],
        quad=_slice(line.quad, low, high),
        stops=tuple((stop - low) / span for stop in stops[first:last]),
    )


def _slice(quad: Quad, low: float, high: float) -> Quad:
    def along(one: _Point, other: _Point, share: float) -> _Point:
        return (one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share)

    first, second, third, fourth = quad
    return (
        along(first, second, low),
        along(first, second, high),
        along(fourth, third, high),
        along(fourth, third, low),
    )
