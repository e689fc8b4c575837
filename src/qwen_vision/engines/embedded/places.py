"""Places: words and coordinates for where something is in a picture."""

from qwen_vision.catalogue.model import Model
from qwen_vision.engines.embedded.facts import Box
from qwen_vision.engines.embedded.language import Language, pick
from qwen_vision.media.items import Image, Size

# Relative coordinates run from 0 to 1000 over each side (docs/reference/dialect.md, grounding).
_RELATIVE = 1000

_EN = (("top left", "top", "top right"), ("left", "centre", "right"),
       ("bottom left", "bottom", "bottom right"))  # fmt: skip
_ZH = (("左上角", "上方", "右上角"), ("左侧", "中间", "右侧"), ("左下角", "下方", "右下角"))


def place_words(box: Box, size: Size, language: Language) -> str:
    """Where the middle of a box lies, in words such as `top left`."""
    row = _third((box.top + box.bottom) / 2, size.height_px)
    column = _third((box.left + box.right) / 2, size.width_px)
    return pick(language, _EN[row][column], _ZH[row][column])


def model_box(box: Box, image: Image, model: Model) -> list[int]:
    """[x1, y1, x2, y2] as the model's family writes boxes.

    `relative` families count 0 to 1000 over each side, `resized` ones the pixels of the
    picture's final size (docs/reference/dialect.md, grounding).
    """
    x1, y1 = model_point(box.left, box.top, image=image, model=model)
    x2, y2 = model_point(box.right, box.bottom, image=image, model=model)
    return [x1, y1, x2, y2]


def model_point(x: float, y: float, *, image: Image, model: Model) -> tuple[int, int]:
    """A point of the original in the coordinates of the model's family."""
    width, height = (
        (_RELATIVE, _RELATIVE)
        if model.coordinates == "relative"
        else (image.final.width_px, image.final.height_px)
    )
    return (
        _scale(x, image.original.width_px, width),
        _scale(y, image.original.height_px, height),
    )


def _scale(value: float, before: int, after: int) -> int:
    return min(max(round(value * after / before), 0), after)


def _third(value: float, whole: int) -> int:
    return min(int(3 * max(value, 0) / max(whole, 1)), 2)
