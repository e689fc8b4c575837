"""Cuts a page into blocks: titles, paragraphs, lists, tables, running headers and footers."""

import re
from collections.abc import Sequence
from itertools import groupby
from statistics import median

from qwen_vision.engines.embedded.facts import Block, Box, Table, TextLine
from qwen_vision.media.items import Size

# In heights of a line.
_PARAGRAPH_GAP = 0.75
_INDENT = 1.2
_TITLE = 1.3
_SAME_SIZE = 1.3
_MAX_TITLE_LETTERS = 120
_MARGIN = 0.07
_MIN_PAGE_ROWS = 8
_BULLET = re.compile(r"^\s*(?:[-–•‣▪●○*·]\s*\S|\(?\d{1,3}[.)、]\s*\D|[a-z][.)]\s)")

Row = tuple[TextLine, ...]


def blocks_of(lines: Sequence[TextLine], tables: Sequence[Table], size: Size) -> tuple[Block, ...]:
    """The blocks of an upright sheet in reading order; every line stands in exactly one."""
    rows = [tuple(row) for _, row in groupby(lines, key=lambda line: line.row)]
    usual = _usual_height(lines)
    blocks: list[Block] = []
    taken: set[int] = set()
    run: list[Row] = []
    for row in rows:
        table = next((i for i, table in enumerate(tables) if _is_in(row, table.box)), None)
        if run and (table is not None or _is_apart(run[-1], row)):
            blocks.append(_block(run, usual, size))
            run = []
        if table is None:
            run.append(row)
        elif table not in taken:
            taken.add(table)
            inside = tuple(
                line for other in rows if _is_in(other, tables[table].box) for line in other
            )
            blocks.append(Block("table", tables[table].box, inside))
    if run:
        blocks.append(_block(run, usual, size))
    return _with_margins(blocks, size) if len(rows) >= _MIN_PAGE_ROWS else tuple(blocks)


def _usual_height(lines: Sequence[TextLine]) -> float:
    """The height of most letters: the middle one, long lines counting more."""
    heights = sorted((_height(line), len(line.text)) for line in lines)
    half = sum(letters for _, letters in heights) / 2
    for height, letters in heights:
        half -= letters
        if half <= 0:
            return height
    return 1.0


def _height(line: TextLine) -> float:
    (_, top), (_, bottom) = line.quad[0], line.quad[3]
    return max(1.0, abs(bottom - top))


def _box(rows: Sequence[Row]) -> Box:
    boxes = [line.box for row in rows for line in row]
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def _is_in(row: Row, box: Box) -> bool:
    own = _box([row])
    across, down = (own.left + own.right) / 2, (own.top + own.bottom) / 2
    return box.left <= across <= box.right and box.top <= down <= box.bottom


def _is_apart(above: Row, below: Row) -> bool:
    """Whether two rows that are read one after the other belong to different blocks."""
    upper, lower = _box([above]), _box([below])
    height = median(_height(line) for line in (*above, *below))
    ratio = _height(above[0]) / _height(below[0])
    if not 1 / _SAME_SIZE < ratio < _SAME_SIZE:
        return True
    if lower.top - upper.bottom > _PARAGRAPH_GAP * height or lower.top < upper.top:
        return True
    begins = lower.left - upper.left > _INDENT * height
    return bool(_BULLET.match(below[0].text)) != bool(_BULLET.match(above[0].text)) and not begins


def _block(rows: Sequence[Row], usual: float, size: Size) -> Block:
    box = _box(rows)
    lines = tuple(line for row in rows for line in row)
    letters = sum(len(line.text) for line in lines)
    height = median(_height(line) for line in lines)
    alone = len(rows) <= 2 and letters <= _MAX_TITLE_LETTERS
    centered = abs((box.left + box.right) / 2 - size.width_px / 2) < 0.05 * size.width_px
    shouted = alone and centered and lines[0].text.isupper()
    if _BULLET.match(lines[0].text):
        kind = "list"
    elif alone and (height > _TITLE * usual or shouted):
        kind = "title"
    else:
        kind = "paragraph"
    return Block(kind, box, lines)


def _with_margins(blocks: Sequence[Block], size: Size) -> tuple[Block, ...]:
    """Single rows at the very top and bottom are the running header and footer."""
    top, bottom = _MARGIN * size.height_px, (1 - _MARGIN) * size.height_px

    def kind(block: Block) -> str:
        if block.kind != "paragraph" or len({line.row for line in block.lines}) > 1:
            return block.kind
        if block.box.bottom < top:
            return "header"
        return "footer" if block.box.top > bottom else block.kind

    return tuple(Block(kind(block), block.box, block.lines) for block in blocks)
