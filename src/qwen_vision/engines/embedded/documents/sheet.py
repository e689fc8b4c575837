"""Sheet: the lines of one picture as rows and neighbours."""

import re
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from qwen_vision.engines.embedded.documents.dates import DateOrder, date_order
from qwen_vision.engines.embedded.facts import Box, Reading, TextLine
from qwen_vision.engines.embedded.facts import around as around_boxes

# How far from a line its neighbours may lie, in heights of a line.
_REACH_BELOW = 2.6
_REACH_ABOVE = 1.6
# Values in letters so much taller than their heads.
_TALLER = 1.15


# One sheet is only equal to itself: what was found on it is kept by the sheet.
@dataclass(frozen=True, eq=False)
class Sheet:
    """The text lines of one picture in reading order, and how they lie to each other."""

    lines: tuple[TextLine, ...]

    @classmethod
    def of(cls, reading: Reading) -> "Sheet":
        """The sheet of a reading; lines without a letter or digit are left out."""
        return cls(tuple(line for line in reading.lines if re.search(r"\w", line.text)))

    @cached_property
    def skew(self) -> float:
        """Fall of the lines in pixels per pixel to the right: what a crooked photo shows."""
        slopes = [
            (line.quad[1][1] - line.quad[0][1]) / (line.quad[1][0] - line.quad[0][0])
            for line in self.lines
            if line.quad[1][0] - line.quad[0][0] > 4 * height(line)
        ]
        return statistics.median(slopes) if len(slopes) >= 3 else 0.0

    def level(self, line: TextLine) -> float:
        """Height of the line's middle on the page, straightened."""
        box = line.box
        return (box.top + box.bottom - self.skew * (box.left + box.right)) / 2

    @cached_property
    def rows(self) -> tuple[tuple[TextLine, ...], ...]:
        """Lines grouped by height on the page, top to bottom, each row left to right."""
        rows: list[list[TextLine]] = []
        for line in sorted(self.lines, key=lambda line: (self.level(line), line.box.left)):
            row = next((row for row in reversed(rows[-3:]) if self._beside(row[-1], line)), None)
            if row is None:
                rows.append([line])
            else:
                row.append(line)
        return tuple(tuple(sorted(row, key=lambda line: line.box.left)) for row in rows)

    @cached_property
    def row_of(self) -> dict[int, int]:
        """Index of the row of each line, by the line's identity."""
        return {id(line): index for index, row in enumerate(self.rows) for line in row}

    @cached_property
    def line_height(self) -> float:
        """The usual height of a line in pixels."""
        return statistics.median([height(line) for line in self.lines]) if self.lines else 0.0

    @cached_property
    def date_order(self) -> DateOrder:
        """Whether this document writes the day or the month first."""
        return date_order(line.text for line in self.lines)

    @cached_property
    def is_japanese(self) -> bool:
        """Whether the page is Japanese, by its kana; ¥ is then the yen."""
        kana = sum(len(re.findall(r"[\u3040-\u30ff]", line.text)) for line in self.lines)
        return kana >= 2

    @cached_property
    def bounds(self) -> Box:
        """The rectangle around all lines."""
        return around(self.lines) if self.lines else Box(0.0, 0.0, 0.0, 0.0)

    def right_of(self, line: TextLine) -> tuple[TextLine, ...]:
        """Lines of the same row that begin right of the line's middle, nearest first."""
        box = line.box
        row = self.rows[self.row_of[id(line)]]
        middle = (box.left + box.right) / 2
        right = [
            other
            for other in self.lines_near_row(row, line)
            if other is not line and other.box.left > middle
        ]
        # On a crooked page two lines of one column may both be near: the nearer is meant.
        return tuple(
            other
            for other in right
            if not any(self._hides(nearer, other, line=line) for nearer in right)
        )

    def _hides(self, nearer: TextLine, other: TextLine, *, line: TextLine) -> bool:
        over = min(nearer.box.right, other.box.right) - max(nearer.box.left, other.box.left)
        away = [abs(self.level(one) - self.level(line)) for one in (nearer, other)]
        return nearer is not other and over > 0 and away[0] < away[1]

    def lines_near_row(self, row: tuple[TextLine, ...], line: TextLine) -> tuple[TextLine, ...]:
        """Lines whose middle lies within the line's height (rows of a crooked photo), by left."""
        reach = height(line) * 0.75
        beside = {id(other) for other in row}
        near = [
            other
            for other in self.lines
            if id(other) in beside or abs(self.level(other) - self.level(line)) < reach
        ]
        return tuple(sorted(near, key=lambda other: other.box.left))

    def below(self, line: TextLine) -> tuple[TextLine, ...]:
        """The lines close under the line, in the same column, nearest first."""
        box = line.box
        limit = box.bottom + _REACH_BELOW * max(height(line), self.line_height)
        found = [
            other
            for other in self.lines
            if other is not line
            and box.top + height(line) * 0.6 < other.box.top < limit
            and _same_column(box, other.box)
        ]
        return tuple(
            sorted(found, key=lambda other: (other.box.top, abs(other.box.left - box.left)))
        )

    def above(self, line: TextLine) -> tuple[TextLine, ...]:
        """The lines close over the line, in the same column, nearest first."""
        box = line.box
        limit = box.top - _REACH_ABOVE * max(height(line), self.line_height)
        found = [
            other
            for other in self.lines
            if other is not line
            and limit < other.box.bottom < box.top + height(line) * 0.4
            and _same_column(box, other.box)
        ]
        return tuple(sorted(found, key=lambda other: -other.box.bottom))

    def value_under(self, line: TextLine) -> TextLine | None:
        """What stands under a head of a grid; None where the line is no such head.

        A row of heads holds no digit, and under each stands a value: some with digits, or
        all in taller letters. Where a row is one, others that stand like it are too.
        """
        row = self.rows[self.row_of[id(line)]]
        alike = (other for other in self.rows if _stands_like(other, row))
        if not _is_wordy(row) or not any(self._is_head(other) for other in alike):
            return None
        return self._flush_under(line)

    def _is_head(self, row: tuple[TextLine, ...]) -> bool:
        """Whether values stand under a row of words that cannot be heads themselves."""
        if not _is_wordy(row):
            return False
        pairs = [(head, value) for head in row if (value := self._flush_under(head)) is not None]
        if len(pairs) < max(2, len(row) - 1):
            return False
        taller = all(height(value) > _TALLER * height(head) for head, value in pairs)
        figures = sum(bool(re.search(r"\d", value.text)) for _, value in pairs)
        return taller or figures * 2 > len(pairs)

    def _flush_under(self, line: TextLine) -> TextLine | None:
        """The line close under another that begins or is centred where it does."""
        box, tall = line.box, height(line)
        for other in self.below(line)[:2]:
            to = other.box
            away = min(abs(to.left - box.left), abs(to.left + to.right - box.left - box.right) / 2)
            if away < 0.8 * tall and to.top - box.bottom < 1.2 * tall:
                return other
        return None

    def _beside(self, left: TextLine, right: TextLine) -> bool:
        shorter = min(height(left), height(right), left.box.bottom - left.box.top)
        return abs(self.level(left) - self.level(right)) < 0.5 * shorter


def height(line: TextLine) -> float:
    """Height of a line in pixels, measured along its left edge."""
    top_left, _, _, bottom_left = line.quad
    return ((top_left[0] - bottom_left[0]) ** 2 + (top_left[1] - bottom_left[1]) ** 2) ** 0.5 or 1.0


def around(lines: Iterable[TextLine]) -> Box:
    """The upright rectangle around lines; there is at least one."""
    return around_boxes(line.box for line in lines)


def _is_wordy(row: tuple[TextLine, ...]) -> bool:
    return len(row) > 1 and not any(re.search(r"\d|[:：]\s*$", head.text) for head in row)


def _stands_like(one: tuple[TextLine, ...], other: tuple[TextLine, ...]) -> bool:
    """Whether the lines of two rows begin at the same places."""
    return len(one) == len(other) and all(
        abs(a.box.left - b.box.left) < 0.5 * height(a) for a, b in zip(one, other, strict=True)
    )


def _same_column(upper: Box, lower: Box) -> bool:
    overlap = min(upper.right, lower.right) - max(upper.left, lower.left)
    width = min(upper.right - upper.left, lower.right - lower.left)
    return overlap > 0.3 * width
