"""A picture turned upright for reading, and the way back to its own coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qwen_vision.engines.embedded.facts import Box, Cell, Quad, Table, TextLine
from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.media.items import Size


def turned(pixels: Raster, turn_deg: int) -> Raster:
    """The pixels turned clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(pixels, -turn_deg // 90)) if turn_deg else pixels


@dataclass(frozen=True, slots=True)
class Upright:
    """How a picture of `original` size was made into what is read.

    It was turned clockwise by `turn_deg`; `size` is what came out, after shrinking.
    """

    original: Size
    size: Size
    turn_deg: int = 0

    @property
    def rotation_deg(self) -> int:
        """How far clockwise the page in the picture is turned from upright."""
        return (360 - self.turn_deg) % 360

    def point(self, point: tuple[float, float]) -> tuple[float, float]:
        """Where a point of the sheet lies in the original."""
        x, y = point[0] / self.size.width_px, point[1] / self.size.height_px
        match self.turn_deg:
            case 90:
                x, y = y, 1 - x
            case 180:
                x, y = 1 - x, 1 - y
            case 270:
                x, y = 1 - y, x
            case _:
                pass
        return (round(x * self.original.width_px, 1), round(y * self.original.height_px, 1))

    def quad(self, quad: Quad) -> Quad:
        """Where four corners of the sheet lie in the original; their order stays."""
        return (
            self.point(quad[0]),
            self.point(quad[1]),
            self.point(quad[2]),
            self.point(quad[3]),
        )

    def box(self, box: Box) -> Box:
        """The upright rectangle in the original that covers a rectangle of the sheet."""
        (x1, y1), (x2, y2) = self.point((box.left, box.top)), self.point((box.right, box.bottom))
        return Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))

    def line(self, line: TextLine) -> TextLine:
        """The line where it lies in the original; its angle becomes that in the picture."""
        angle = (line.angle_deg + self.rotation_deg + 180) % 360 - 180
        return replace(line, quad=self.quad(line.quad), angle_deg=round(angle, 1))

    def lines(self, lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
        """All `lines` where they lie in the original."""
        return tuple(self.line(line) for line in lines)

    def table(self, table: Table) -> Table:
        """The table where it lies in the original."""

        def placed(cell: Cell) -> Cell:
            return replace(cell, box=self.box(cell.box) if cell.box else None)

        return replace(
            table, box=self.box(table.box), cells=tuple(placed(cell) for cell in table.cells)
        )
