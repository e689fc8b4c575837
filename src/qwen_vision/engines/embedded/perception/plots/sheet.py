"""Sheet: a picture with its words and legend, as the readers of charts are handed it."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.plots.legend import Key
from qwen_vision.engines.embedded.perception.plots.paint import (
    Area,
    Color,
    distance,
    ground_of,
    is_panel,
    off_ground,
)
from qwen_vision.engines.embedded.perception.plots.scales import Scale
from qwen_vision.engines.embedded.perception.plots.words import ReadCrops, Word

_OWN_GROUND: Final = 0.04
_MATCH: Final = 60


@dataclass(frozen=True, slots=True)
class Sheet:
    """Pixels (RGB), the colour they stand on, words, legend, and a reader for small crops."""

    rgb: Raster
    ground: Color
    words: tuple[Word, ...]
    keys: tuple[Key, ...]
    read: ReadCrops

    @property
    def key_words(self) -> set[int]:
        """The ids of the words of the legend."""
        return {id(word) for key in self.keys for word in key.words}

    @property
    def plain_words(self) -> list[Word]:
        """The words outside the legend."""
        named = self.key_words
        return [word for word in self.words if id(word) not in named]

    def turned(self) -> "Sheet":
        """The sheet with its sides swapped: what lay stands."""
        return replace(
            self,
            rgb=np.ascontiguousarray(np.swapaxes(self.rgb, 0, 1)),
            words=tuple(word.turned() for word in self.words),
            keys=tuple(
                replace(key, box=_turned(key.box), patch=_turned(key.patch)) for key in self.keys
            ),
        )

    def plot_area(self, scale: Scale, *, is_whole: bool = False) -> Area:
        """What lies beside an upright axis: from its ticks to the other side.

        It reaches a tick beyond those read, or to the ends of the picture (`is_whole`).
        """
        height, width = self.rgb.shape[:2]
        ticks_right = max(word.right for _, word in scale.ticks)
        ticks_left = min(word.left for _, word in scale.ticks)
        left, right = int(ticks_right) + 2, width
        if ticks_left > 0.6 * width:
            left, right = 0, int(ticks_left) - 1
        beside = [key.box[0] for key in self.keys if key.box[0] > left + 0.6 * (right - left)]
        columns = {round(key.box[0]) for key in self.keys}
        if beside and len(beside) == len(self.keys) and len(columns) < len(self.keys):
            right = min(right, self._free_right(int(min(beside)), right))
        top = max(0, int(scale.low_px - scale.beyond_px))
        bottom = min(height, int(scale.high_px + scale.beyond_px) + 1)
        return Area(left, 0, right, height) if is_whole else Area(left, top, right, bottom)

    def _free_right(self, keys_left: int, right: int) -> int:
        """Where the plot ends left of a legend that stands beside it, not inside of it."""
        gap = self.rgb[:, max(0, keys_left - 6) : max(1, keys_left - 2)]
        is_clear = bool((off_ground(gap, self.ground) < 12).all())
        return keys_left - 2 if is_clear else right

    def ground_in(self, area: Area) -> Color:
        """The colour a plot stands on: that of the picture unless it has a panel of its own."""
        pixels = area.of(self.rgb)
        most = ground_of(pixels)
        own = float((off_ground(pixels, self.ground) <= 4).mean())
        is_own = distance(most, self.ground) > 4 and is_panel(pixels, most)
        return most if is_own or own < _OWN_GROUND else self.ground

    def name_of(self, color: Color) -> str:
        """What the legend calls a colour; "" for one it does not hold."""
        if not self.keys:
            return ""
        key = min(self.keys, key=lambda key: distance(key.color, color))
        return key.name if distance(key.color, color) <= _MATCH else ""


def _turned(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    return box[1], box[0], box[3], box[2]
