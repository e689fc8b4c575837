"""Ruled rows: the rows under a line of heads that name the parts of a schema, by where they lie."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.sheet import Sheet, height
from qwen_vision.engines.embedded.extract.roles import head_role, name_role, split_head
from qwen_vision.engines.embedded.extract.sums import is_sum_row
from qwen_vision.engines.embedded.facts import TextLine

# A table ends where nothing stands for so many heights of a line.
_GAP: Final = 3.0
# How far from its head, in heights of a line, a value may begin, end or be centred.
_REACH: Final = 6.0
# The two lines of one head lie no further apart, in heights of a line.
_HEAD_GAP: Final = 0.6
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Head:
    """The words over a column and where they begin and end, in pixels."""

    text: str
    left: float
    right: float

    def distance(self, left: float, right: float) -> float:
        """How far a value lies from standing flush left, flush right or centred under it."""
        middle = abs((left + right) - (self.left + self.right)) / 2
        return min(abs(left - self.left), abs(right - self.right), middle)


@dataclass(frozen=True, slots=True)
class Cell:
    """A value under a head and the line it was read from."""

    text: str
    line: TextLine


def ruled_rows(names: Mapping[str, str], sheet: Sheet) -> list[dict[str, Cell]]:
    """The rows under the line of heads that names most of these properties.

    `names` gives the words of each property. Empty when no line names half of them.
    """
    best: dict[str, Head] = {}
    heads: list[Head] = []
    start = 0
    for index in range(len(sheet.rows)):
        found = heads_at(sheet, index)
        places = _named(names, found)
        if len(places) > len(best):
            best, heads, start = places, found, index + 1
    if len(best) < 2 or len(best) < len(names) * _HALF:
        return []
    return list(_rows(sheet.rows[start - 1 :], sheet.line_height, heads=heads, places=best))


def heads_at(sheet: Sheet, index: int) -> list[Head]:
    """The heads in a row of a sheet, left to right, with what the row close over it adds."""
    heads = _heads_of(sheet.rows[index])
    if index == 0 or _roles(heads) < 2:
        return heads
    over = [
        head
        for line in sheet.rows[index - 1]
        if sheet.rows[index][0].box.top - line.box.bottom + height(line) * 0.5 >= 0
        and sheet.rows[index][0].box.top - line.box.bottom < _HEAD_GAP * height(line)
        for head in _words_of(line)
    ]
    joined = _joined(heads, over)
    return joined if _roles(joined) > _roles(heads) else heads


def _heads_of(row: Sequence[TextLine]) -> list[Head]:
    """The heads in a row of lines; a line of several is cut into them."""
    heads = []
    for line in row:
        parts = split_head(line.text)
        box = line.box
        step = (box.right - box.left) / max(len(line.text), 1)
        for text, place in parts:
            left = box.left + place * step if place else box.left
            right = left + len(text) * step if len(parts) > 1 else box.right
            heads.append(Head(text, left, right))
    return heads


def _words_of(line: TextLine) -> list[Head]:
    box = line.box
    step = (box.right - box.left) / max(len(line.text), 1)
    return [
        Head(word[0], box.left + word.start() * step, box.left + word.end() * step)
        for word in re.finditer(r"\S+", line.text)
    ]


def _joined(heads: Sequence[Head], over: Sequence[Head]) -> list[Head]:
    """Heads with the words over them put before theirs; words over none are heads of their own."""
    joined = list(heads)
    for word in over:
        place = next(
            (
                at
                for at, head in enumerate(joined)
                if head.left < word.right > word.left < head.right
            ),
            None,
        )
        if place is None:
            joined.append(word)
        else:
            head = joined[place]
            left, right = min(head.left, word.left), max(head.right, word.right)
            joined[place] = Head(f"{word.text} {head.text}", left, right)
    return sorted(joined, key=lambda head: head.left)


def _roles(heads: Sequence[Head]) -> int:
    return len({head_role(head.text) for head in heads} - {None})


def _named(names: Mapping[str, str], heads: Sequence[Head]) -> dict[str, Head]:
    """The head of each property: by the same words, else by the same part of a bill."""
    places: dict[str, Head] = {}
    for name, words in names.items():
        head = next((head for head in heads if _plain(words) == _plain(head.text)), None)
        if head is not None:
            places[name] = head
    for name, words in names.items():
        role = name_role(words)
        wanted = {role, "tax"} if role == "tax_rate" else {role}
        wanted |= {"amount", "unit_price"} if role == "price" else set()
        free = [head for head in heads if all(head is not taken for taken in places.values())]
        named = [head for head in free if role and head_role(head.text) in wanted]
        named = named or [head for head in free if _inside(words, head.text)]
        if name not in places and named:
            places[name] = named[-1] if role == "amount" else named[0]
    return places


def _rows(
    rows: Sequence[Sequence[TextLine]],
    line_height: float,
    *,
    heads: Sequence[Head],
    places: Mapping[str, Head],
) -> Iterator[dict[str, Cell]]:
    """The rows under the first one, which holds the heads."""
    bottom = max(line.box.bottom for line in rows[0])
    left = heads[0].left - line_height * _REACH
    right = heads[-1].right + line_height * _REACH
    told = False
    for row in rows[1:]:
        inside = [
            line
            for line in row
            if line.box.right > left
            and line.box.left < right
            and line.box.bottom - line.box.top < _GAP * line_height
        ]
        if not inside:
            continue
        cells = _cells(inside, heads)
        values = {name: cells[head] for name, head in places.items() if head in cells}
        far = min(line.box.top for line in inside) - bottom > _GAP * line_height
        # "City tax" with a date and all else that the other rows have is one of them.
        whole = len(values) == len(places) > len(("name", "amount"))
        sums = not whole and is_sum_row(line.text for line in inside)
        if any(line.text.rstrip().endswith((":", "：")) for line in inside):
            # Lines to be filled in by hand follow a table.
            return
        full = len(values) * 2 >= len(places) and len(values) >= 2
        if sums and not told:
            # An account begins with its old balance.
            continue
        if far or sums or (not full and len(inside) > 2):
            return
        if full:
            bottom = max(line.box.bottom for line in inside)
            # What stands left of a row is no part of the table.
            left = max(left, min(cell.line.box.left for cell in values.values()))
            told = True
            yield values


def _cells(lines: Sequence[TextLine], heads: Sequence[Head]) -> dict[Head, Cell]:
    """The pieces of a row under their heads; of two under one head the nearer stays."""
    nearest: dict[Head, tuple[float, Cell]] = {}
    for line in lines:
        for text, left, right in _pieces(line, heads):
            head = min(heads, key=lambda head: head.distance(left, right))
            away = head.distance(left, right)
            if away > _REACH * height(line) or (head in nearest and nearest[head][0] <= away):
                continue
            nearest[head] = (away, Cell(text, line))
    return {head: cell for head, (_, cell) in nearest.items()}


def _pieces(line: TextLine, heads: Sequence[Head]) -> Iterator[tuple[str, float, float]]:
    """The parts of a line that lie under different heads, each with its sides in pixels.

    Reading may join the numbers of two columns, or a count and the name after it.
    """
    box = line.box
    step = (box.right - box.left) / max(len(line.text), 1)
    over = [head for head in heads if head.left < box.right and box.left < head.right]
    words = list(re.finditer(r"\S+", line.text))
    if len(over) < 2 or len(words) < 2:
        yield line.text, box.left, box.right
        return
    groups: list[tuple[Head, list[re.Match[str]]]] = []
    for word in words:
        middle = box.left + (word.start() + word.end()) / 2 * step
        under = min(over, key=lambda head: _outside(head, middle))
        if (groups and groups[-1][0] is under) or (groups and not _breaks(line.text, word)):
            groups[-1][1].append(word)
        else:
            groups.append((under, [word]))
    for _, group in groups:
        start, end = group[0].start(), group[-1].end()
        yield line.text[start:end], box.left + start * step, box.left + end * step


def _breaks(text: str, word: re.Match[str]) -> bool:
    """Whether a new column may begin at a word: between a number and words, or two numbers."""
    before = text[: word.start()].rstrip().split()[-1]
    return bool(re.search(r"\d", before) or find_amounts(word[0]))


def _outside(head: Head, place: float) -> float:
    return max(head.left - place, place - head.right, 0.0)


def _inside(words: str, head: str) -> bool:
    plain = _plain(words), _plain(head)
    short = min(len(plain[0]), len(plain[1]))
    wide = 2 if re.search(r"[\u3040-\u9fff]", words) else 3
    return short >= wide and (plain[0] in plain[1] or plain[1] in plain[0])


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
