"""OCR tasks: the prompt each built-in task stands for, and the results read from its answer."""

import math
import re
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from qwen_vision.protocol.messages import JsonObject
from qwen_vision.protocol.native import OcrOptions, OcrTask
from qwen_vision.protocol.places import Scale, Unit

DEFAULT_PROMPT: Final = (
    "Please output only the text content from the image without any additional descriptions "
    "or formatting."
)
TASK_PROMPTS: Final[Mapping[OcrTask, str]] = {
    "text_recognition": DEFAULT_PROMPT,
    "multi_lan": "Please output only the text content from the image, in whatever languages it "
    "is written, without any additional descriptions or formatting.",
    "advanced_recognition": "Locate every line of text in the image as a JSON list that gives "
    'for each line its "rotate_rect", the rotated rectangle [cx, cy, width, height, angle], and '
    'its "text".',
    "key_information_extraction": "Extract the key information in the image as JSON, all pairs "
    "of a key and its value, with ? for illegible characters.",
    "table_parsing": "Write every table in the image as an HTML table, with all its rows.",
    "document_parsing": "Convert the document in the image to LaTeX.",
    "formula_recognition": "Write the formula in the image in LaTeX.",
}
_SCHEMA_PROMPT: Final = (
    "Extract the key information in the image as JSON of this shape, with ? for illegible "
    "characters:\n"
)
_FENCE: Final = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL)


_Kind = TypeVar("_Kind")


class WordInfo(Struct):
    """A line of text and where it stands, in pixels of the upright original.

    `location` holds the corners top-left, top-right, bottom-right, bottom-left as x, y pairs,
    in reading direction; `rotate_rect` is [cx, cy, width, height, angle] with the angle of the
    line in degrees, clockwise, from -90 to 90.
    """

    text: str
    location: list[int]
    rotate_rect: list[int]


class OcrResult(Struct):
    """What was read, by task."""

    words_info: list[WordInfo] | UnsetType = UNSET
    kv_result: JsonObject | UnsetType = UNSET


class _Line(Struct):
    rotate_rect: tuple[float, float, float, float, float]
    text: str


def task_prompt(options: OcrOptions) -> str:
    """The words that ask a model for a task."""
    schema = options.task_config.result_schema if options.task_config is not None else None
    if options.task != "key_information_extraction" or not schema:
        return TASK_PROMPTS[options.task]
    return _SCHEMA_PROMPT + msgspec.json.format(msgspec.json.encode(schema), indent=2).decode()


def read_result(
    task: OcrTask, answer: str, *, size: tuple[int, int] | None, unit: Unit = "0-1000"
) -> OcrResult | None:
    """The structured result in a task's answer; None when the task or the answer has none.

    `size` is the [width, height] of the picture in pixels, `unit` the one in which the answer
    tells places. Lines a model wrote in another shape than it was asked for are left out: the
    answer's text is there in any case.
    """
    if task == "advanced_recognition" and size is not None:
        lines = _decoded(answer, list[msgspec.Raw])
        return (
            None if lines is None else OcrResult(words_info=_words(lines, Scale(unit, size, size)))
        )
    if task == "key_information_extraction":
        pairs = _decoded(answer, JsonObject)
        return None if pairs is None else OcrResult(kv_result=pairs)
    return None


def _decoded(answer: str, kind: type[_Kind]) -> _Kind | None:
    match = _FENCE.search(answer)
    try:
        return msgspec.json.decode(match[1] if match else answer, type=kind)
    except msgspec.DecodeError:
        return None


def _words(lines: list[msgspec.Raw], scale: Scale) -> list[WordInfo]:
    found = []
    for raw in lines:
        try:
            line = msgspec.json.decode(raw, type=_Line)
        except msgspec.DecodeError:
            continue
        found.append(_word(line, scale))
    return found


def _word(line: _Line, scale: Scale) -> WordInfo:
    """A rectangle of the answer, as pixels.

    The angle is the one seen on the picture. Width and height are lengths along the line and
    across it, each in the answer's units of that direction.
    """
    turn = math.radians(line.rotate_rect[4])
    right, down = math.cos(turn), math.sin(turn)
    step_x, step_y = (scale.step_px(scale.space, axis) for axis in (0, 1))
    cx, cy = line.rotate_rect[0] * step_x, line.rotate_rect[1] * step_y
    width_px = line.rotate_rect[2] / math.hypot(right / step_x, down / step_y)
    height_px = line.rotate_rect[3] / math.hypot(down / step_x, right / step_y)
    location = []
    for along, across in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        x, y = along * width_px / 2, across * height_px / 2
        location += [round(cx + x * right - y * down), round(cy + x * down + y * right)]
    rectangle = (cx, cy, width_px, height_px, line.rotate_rect[4])
    return WordInfo(
        text=line.text, location=location, rotate_rect=[round(value) for value in rectangle]
    )
