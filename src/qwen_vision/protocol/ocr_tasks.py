"""OCR tasks: the prompt each built-in task stands for, and the results read from its answer."""

import math
import re
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from qwen_vision.protocol.messages import JsonObject
from qwen_vision.protocol.native import OcrOptions, OcrTask

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
    "of a key and its value, with ? for characters that cannot be read.",
    "table_parsing": "Write every table in the image as an HTML table, with all its rows.",
    "document_parsing": "Convert the document in the image to LaTeX.",
    "formula_recognition": "Write the formula in the image in LaTeX.",
}
_SCHEMA_PROMPT: Final = (
    "Extract the key information in the image as JSON of this shape, with ? for characters that "
    "cannot be read:\n"
)
_FENCE: Final = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL)
_RELATIVE: Final = 1000


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


def read_result(task: OcrTask, answer: str, *, size: tuple[int, int] | None) -> OcrResult | None:
    """The structured result in a task's answer; None when the task or the answer has none.

    `size` is the [width, height] of the picture in pixels. Lines a model wrote in another shape
    than it was asked for are left out: the answer's text is there in any case.
    """
    if task == "advanced_recognition" and size is not None:
        lines = _decoded(answer, list[msgspec.Raw])
        return None if lines is None else OcrResult(words_info=_words(lines, size))
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


def _words(lines: list[msgspec.Raw], size: tuple[int, int]) -> list[WordInfo]:
    found = []
    for raw in lines:
        try:
            line = msgspec.json.decode(raw, type=_Line)
        except msgspec.DecodeError:
            continue
        found.append(_word(line, size))
    return found


def _word(line: _Line, size: tuple[int, int]) -> WordInfo:
    """A rectangle in thousandths of the picture, as pixels.

    Width and height are turned with the rectangle: its corners are made first, then each is
    stretched to the picture.
    """
    cx, cy, width, height, angle_deg = line.rotate_rect
    turn = math.radians(angle_deg)
    along = (math.cos(turn) * width / 2, math.sin(turn) * width / 2)
    across = (-math.sin(turn) * height / 2, math.cos(turn) * height / 2)
    corners = [
        (
            (cx + a * along[0] + b * across[0]) * size[0] / _RELATIVE,
            (cy + a * along[1] + b * across[1]) * size[1] / _RELATIVE,
        )
        for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    (left, top), (right, other_top) = corners[0], corners[1]
    rectangle = [
        cx * size[0] / _RELATIVE,
        cy * size[1] / _RELATIVE,
        math.dist(corners[0], corners[1]),
        math.dist(corners[0], corners[3]),
        math.degrees(math.atan2(other_top - top, right - left)),
    ]
    return WordInfo(
        text=line.text,
        location=[round(value) for corner in corners for value in corner],
        rotate_rect=[round(value) for value in rectangle],
    )
