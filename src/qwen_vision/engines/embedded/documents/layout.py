"""Layout: a page as titles, paragraphs, lists and tables in reading order."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import median
from typing import Final, Literal, TypeAlias

from qwen_vision.engines.embedded.documents.letters import Type
from qwen_vision.engines.embedded.documents.lists import (
    Item,
    is_list,
    item_of,
    marker,
    nested,
    number_of,
)
from qwen_vision.engines.embedded.documents.sheet import around
from qwen_vision.engines.embedded.facts import Box, Reading, Table, TextLine

PartKind: TypeAlias = Literal["title", "paragraph", "list", "table"]
_Row: TypeAlias = tuple[TextLine, ...]

# How many times the usual size a heading is set in: alone on its line, or wherever it stands.
_LARGER: Final = 1.17
_MUCH_LARGER: Final = 1.35
# Sizes within this part of one another are one rank; a page's own title is this large.
_SAME_SIZE: Final = 0.87
_TITLE: Final = 1.8
_MOST_ROWS: Final = 3
_MOST_LETTERS: Final = 120
# A paragraph ends where the next row is this much further down than usual, or after a gap
# of this many letter heights.
_FURTHER: Final = 1.25
_GAP: Final = 0.9
_INDENT: Final = 0.7
_SENTENCE_END: Final = re.compile(r"[.!?:。！？：]['\"”’)]*$")
_GOES_ON: Final = re.compile(r"[,;，；、]$")
_SECTION: Final = re.compile(r"(\d{1,2}(?:\.\d{1,2})*)\.?\s+[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a page: its rows of text, its items or its table. `level` of a title is 1 to 4."""

    kind: PartKind
    box: Box
    rows: tuple[_Row, ...] = ()
    table: Table | None = None
    level: int = 0
    items: tuple[Item, ...] = ()

    @property
    def texts(self) -> list[str]:
        """The text of each row."""
        return [" ".join(line.text for line in row) for row in self.rows]


def page_parts(reading: Reading) -> list[Part]:
    """The parts of a page in reading order; text inside a table is the table's alone."""
    page = _Page(reading)
    parts: list[Part] = []
    group: list[_Row] = []
    told: set[int] = set()

    def close() -> None:
        if group:
            parts.append(page.text_part(tuple(group)))
            group.clear()

    for row, table in (part for whole in reading.rows for part in _by_table(whole, reading.tables)):
        if table is not None:
            close()
            if id(table) not in told:
                told.add(id(table))
                parts.append(Part("table", table.box, table=table))
            continue
        for piece in page.by_size(row):
            if group and page.starts_new(group, piece):
                close()
            group.append(piece)
    close()
    return list(_listed(_ranked(parts, page), page))


class _Page:
    """The measures of a page: its usual type, and how far rows of a paragraph are apart."""

    def __init__(self, reading: Reading) -> None:
        self.type = Type(reading.lines)
        self.height = self.type.height
        pitches = [
            _middle(below) - _middle(above)
            for above, below in pairwise(reading.rows)
            if _shares_column(above, below)
            and 0 < _gap(above, below) + self.height < 1.9 * self.height
        ]
        # Gaps between paragraphs may outnumber the lines inside them.
        self.pitch = sorted(pitches)[len(pitches) // 3] if pitches else 1.4 * self.height

    def times(self, row: _Row) -> float:
        """How many times the usual size a row is set in."""
        return self.type.times(max(row, key=lambda line: len(line.text)))

    def is_large(self, row: _Row) -> bool:
        """Whether a row is set in larger type than the page."""
        line = max(row, key=lambda line: len(line.text))
        return self.times(row) >= _LARGER and self.type.is_tall(line)

    def by_size(self, row: _Row) -> Iterator[_Row]:
        """A row; a large line beside usual ones, as in the head of a letter, is one by itself."""
        large = tuple(line for line in row if self.is_large((line,)))
        small = tuple(line for line in row if not self.is_large((line,)))
        if large and small and self.times(large) >= _MUCH_LARGER * self.times(small):
            yield from (large, small)
        else:
            yield row

    def starts_new(self, group: Sequence[_Row], row: _Row) -> bool:
        """Whether a row is another part: after a gap, in another size, an item, an indent."""
        above = group[-1]
        if marker(_text(row)) or not self._is_next(above, row):
            return True
        if self.is_large(group[0]) != self.is_large(row) and not _text(row)[:1].islower():
            return True
        if marker(_text(group[0])):
            outside = row[0].box.left < group[0][0].box.left + 0.4 * self.height
            return outside or self._left_room(group, row)
        ends = bool(_SENTENCE_END.search(_text(above)))
        return ends and (self._left_room(group, row) or self._is_indented(group, row))

    def _is_next(self, above: _Row, row: _Row) -> bool:
        """Whether a row stands under the one above, no further down than lines do."""
        larger = max(1.0, min(self.times(above), self.times(row)))
        pitch = _middle(row) - _middle(above)
        near = _gap(above, row) <= _GAP * self.height * larger
        return -2 * self.height < pitch <= _FURTHER * self.pitch * larger and near

    def _left_room(self, group: Sequence[_Row], row: _Row) -> bool:
        """Whether the row above left room for the first word of the next."""
        above = group[-1]
        edge = max(line.box.right for other in (*group, row) for line in other)
        first = row[0].text.split(" ")[0]
        width = row[0].box.right - row[0].box.left
        word = width * (len(first) + 2) / max(1, len(row[0].text))
        return edge - above[-1].box.right > max(word, 2 * self.height)

    def _is_indented(self, group: Sequence[_Row], row: _Row) -> bool:
        left = min(other[0].box.left for other in group[1:] or group)
        return _INDENT * self.height < row[0].box.left - left < 4 * self.height

    def text_part(self, rows: tuple[_Row, ...]) -> Part:
        """A title, one item of a list, or a paragraph."""
        box = around(tuple(line for row in rows for line in row))
        if marker(_text(rows[0])) and (not number_of(_text(rows[0])) or not self._is_title(rows)):
            return Part("list", box, rows, items=(item_of(rows, box),))
        return Part("title" if self._is_title(rows) else "paragraph", box, rows)

    def _is_title(self, rows: tuple[_Row, ...]) -> bool:
        text = " ".join(_text(row) for row in rows)
        words = re.search(r"[^\W\d_]{2}|[\u3400-\u9fff]", text)
        if not words or len(rows) > _MOST_ROWS or len(text) > _MOST_LETTERS:
            return False
        if text[:1].islower() and self.times(rows[0]) < _MUCH_LARGER:
            return False
        return self.is_large(rows[0]) and not _GOES_ON.search(text)


def _ranked(parts: Sequence[Part], page: _Page) -> list[Part]:
    """The parts, their titles ranked by size, and numbered ones by their numbers."""
    titles = [index for index, part in enumerate(parts) if part.kind == "title"]
    if not titles:
        return list(parts)
    sizes = {index: page.times(parts[index].rows[0]) for index in titles}
    levels: dict[int, int] = {}
    first = max(sizes.values())
    level = 1 if first >= _TITLE or titles[0] == 0 else 2
    for index in sorted(titles, key=lambda index: -sizes[index]):
        if sizes[index] < _SAME_SIZE * first:
            first, level = sizes[index], level + 1
        levels[index] = min(level, 4)
    numbered = {
        index: found[1].count(".")
        for index in titles
        if (found := _SECTION.match(parts[index].texts[0]))
    }
    if len(numbered) > 1:
        top = min(levels[index] for index in numbered)
        least = min(numbered.values())
        levels |= {index: min(4, top + depth - least) for index, depth in numbered.items()}
    return [
        replace(part, level=levels[index]) if index in levels else part
        for index, part in enumerate(parts)
    ]


def _listed(parts: Sequence[Part], page: _Page) -> Iterator[Part]:
    """The parts, items that follow each other made one list; what is no list is a paragraph."""
    run: list[Part] = []
    for part in [*parts, None]:
        if part is not None and part.kind == "list" and (not run or _follows(run[-1], part, page)):
            run.append(part)
            continue
        items = [item for member in run for item in member.items]
        if items and is_list(items):
            box = around(tuple(line for member in run for row in member.rows for line in row))
            rows = tuple(row for member in run for row in member.rows)
            yield Part("list", box, rows, items=nested(items, height=page.height))
        else:
            yield from (replace(member, kind="paragraph", items=()) for member in run)
        run = [part] if part is not None and part.kind == "list" else []
        if part is not None and part.kind != "list":
            yield part


def _follows(above: Part, part: Part, page: _Page) -> bool:
    return part.box.top > above.box.top and part.box.left < above.box.right + page.height


def _text(row: _Row) -> str:
    return " ".join(line.text for line in row)


def _middle(row: _Row) -> float:
    return median((line.box.top + line.box.bottom) / 2 for line in row)


def _gap(above: _Row, below: _Row) -> float:
    """From the bottom of a row to the top of the next; boxes of text overlap a little."""
    return around(below).top - around(above).bottom


def _shares_column(above: _Row, below: _Row) -> bool:
    upper, lower = around(above), around(below)
    return min(upper.right, lower.right) > max(upper.left, lower.left)


def _by_table(row: _Row, tables: Sequence[Table]) -> Iterator[tuple[_Row, Table | None]]:
    """The lines of a row that stand in each table, and those outside, from left to right."""
    for table, lines in groupby(row, key=lambda line: _table_of(line, tables)):
        yield tuple(lines), table


def _table_of(line: TextLine, tables: Sequence[Table]) -> Table | None:
    """The table that holds the middle of a line."""
    box = line.box
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    for table in tables:
        area = table.box
        if area.left - 2 <= x <= area.right + 2 and area.top - 2 <= y <= area.bottom + 2:
            return table
    return None
