"""OCR tasks: their prompts, and what is read from their answers."""

import json
import math

import pytest
from msgspec import UNSET

from qwen_vision.protocol.native import OcrOptions, OcrTask, OcrTaskConfig
from qwen_vision.protocol.ocr_tasks import TASK_PROMPTS, WordInfo, read_result, task_prompt

SIZE = (2000, 1000)


def words(*lines: object, size: tuple[int, int] = SIZE) -> list[WordInfo]:
    answer = f"```json\n{json.dumps(lines)}\n```"
    result = read_result("advanced_recognition", answer, size=size)
    assert result is not None
    assert result.words_info is not UNSET
    return result.words_info


@pytest.mark.parametrize("task", TASK_PROMPTS)
def test_every_task_has_words_of_its_own(task: OcrTask) -> None:
    prompts = [task_prompt(OcrOptions(other)) for other in TASK_PROMPTS]
    assert prompts.count(task_prompt(OcrOptions(task))) == 1


def test_a_schema_stands_in_the_prompt() -> None:
    config = OcrTaskConfig(result_schema={"total": "", "seller": {"name": "who sells"}})
    prompt = task_prompt(OcrOptions("key_information_extraction", config))
    assert json.loads(prompt[prompt.index("{") :]) == config.result_schema


def test_a_level_line_is_given_in_pixels() -> None:
    assert words({"rotate_rect": [250, 500, 100, 40, 0], "text": "Hi"}) == [
        WordInfo(
            text="Hi",
            location=[400, 480, 600, 480, 600, 520, 400, 520],
            rotate_rect=[500, 500, 200, 40, 0],
        )
    ]


def test_a_line_on_end_keeps_its_corners_in_reading_order() -> None:
    (word,) = words({"rotate_rect": [500, 500, 200, 100, 90], "text": "up"}, size=(1000, 1000))
    assert word.location == [550, 400, 550, 600, 450, 600, 450, 400]
    assert word.rotate_rect == [500, 500, 200, 100, 90]


def test_a_tilted_line_keeps_its_angle_on_a_square_picture() -> None:
    (word,) = words({"rotate_rect": [500, 500, 400, 50, -30], "text": "a"}, size=(1000, 1000))
    assert word.rotate_rect == [500, 500, 400, 50, -30]


def test_a_line_on_end_is_measured_along_the_pictures_height() -> None:
    (word,) = words({"rotate_rect": [500, 500, 200, 100, 90], "text": "up"})
    assert word.rotate_rect == [1000, 500, 200, 200, 90]
    assert word.location == [1100, 400, 1100, 600, 900, 600, 900, 400]


def test_a_tilted_line_is_a_rectangle_on_the_picture() -> None:
    (word,) = words({"rotate_rect": [500, 500, 300, 60, 30], "text": "a"})
    corners = list(zip(word.location[::2], word.location[1::2], strict=True))
    sides = [math.dist(corners[k], corners[(k + 1) % 4]) for k in range(4)]
    assert sides[0] == pytest.approx(sides[2], abs=2)
    assert sides[1] == pytest.approx(sides[3], abs=2)
    assert math.dist(corners[0], corners[2]) == pytest.approx(
        math.dist(corners[1], corners[3]), abs=2
    )


def test_lines_of_another_shape_are_left_out() -> None:
    found = words({"text": "no place"}, 7, {"rotate_rect": [1, 2], "text": "short"})
    assert found == []


@pytest.mark.parametrize("answer", ["I see no text.", "", "```json\nnot json\n```", "{}"])
def test_an_answer_without_a_list_has_no_words(answer: str) -> None:
    assert read_result("advanced_recognition", answer, size=SIZE) is None


@pytest.mark.parametrize("answer", ['{"total": "9.99"}', '```json\n{"total": "9.99"}\n```'])
def test_pairs_are_read_with_and_without_a_fence(answer: str) -> None:
    result = read_result("key_information_extraction", answer, size=None)
    assert result is not None
    assert result.kv_result == {"total": "9.99"}


def test_pairs_that_are_no_object_are_left_out() -> None:
    assert read_result("key_information_extraction", "none", size=None) is None


def test_tasks_that_answer_in_text_have_no_result() -> None:
    assert read_result("table_parsing", "```html\n<table></table>\n```", size=SIZE) is None
