"""What people ask about two or three pictures: how one was made from the other, what changed."""

from typing import TYPE_CHECKING

import pytest
from PIL import ImageEnhance, ImageOps

if TYPE_CHECKING:
    from collections.abc import Callable

    from qwen_vision.media.items import Pixels
    from tests.engines.embedded.conftest import Drawn, Sketch
    from tests.engines.embedded.rooms.conftest import Ask, Patches

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")


def tinted(patches: "Patches") -> "Pixels":
    """Patches of one colour whose shades leave room for more light."""
    return ImageOps.colorize(patches(3).convert("L"), "#301808", "#c89860")


def cropped(pixels: "Pixels") -> "Pixels":
    return pixels.crop((80, 40, 520, 320))


def shifted(pixels: "Pixels") -> "Pixels":
    return ImageOps.expand(pixels, 120, "#406080").crop((270, 180, 800, 520))


def darker(pixels: "Pixels") -> "Pixels":
    return ImageEnhance.Brightness(pixels).enhance(0.6)


def brighter(pixels: "Pixels") -> "Pixels":
    return ImageEnhance.Brightness(pixels).enhance(1.25)


def grey(pixels: "Pixels") -> "Pixels":
    return pixels.convert("L").convert("RGB")


def clockwise(pixels: "Pixels") -> "Pixels":
    return pixels.rotate(-90, expand=True)


def anticlockwise(pixels: "Pixels") -> "Pixels":
    return pixels.rotate(90, expand=True)


def on_its_head(pixels: "Pixels") -> "Pixels":
    return pixels.rotate(180)


@pytest.mark.parametrize(
    ("made", "question", "wanted"),
    [
        (cropped, "Is the second picture a crop of the first?", "the first cropped: it shows only"),
        (cropped, "第二张是裁剪的吗？", "第二张是第一张裁剪，只有第一张的一部分。"),
        (shifted, "What is different?", "shifted: it shows a part of the first and more beside"),
        (darker, "Which picture is darker?", "The second is the first made darker (0.60 times"),
        (brighter, "What is the difference?", "The second is the first made brighter (1.25 times"),
        (brighter, "哪张更亮？", "第二张是第一张变亮（亮度约为 1.25 倍）。"),
        (grey, "How do these differ?", "the first without its colours, in shades of grey."),
        (clockwise, "Is the second picture rotated?", "the first rotated by 90° clockwise."),
        (anticlockwise, "第二张图旋转了吗？", "第二张是第一张逆时针旋转 90°。"),
        (on_its_head, "What differs?", "The second is the first rotated by 180°."),
        (ImageOps.mirror, "Is the second one mirrored?", "The second is the first mirrored."),
        (ImageOps.flip, "What is the difference?", "the first mirrored and rotated by 180°."),
    ],
)
async def test_how_the_second_was_made_of_the_first_is_told(
    ask: "Ask",
    patches: "Patches",
    *,
    sketch: "type[Sketch]",
    made: "Callable[[Pixels], Pixels]",
    question: str,
    wanted: str,
) -> None:
    first, second = sketch(1, 1), sketch(1, 1)
    first.pixels = tinted(patches)
    second.pixels = made(first.pixels)
    answer = (await ask(first.image, second.image, question)).text
    assert wanted in answer
    assert "changed" not in answer


async def test_the_first_may_be_a_part_of_the_second(
    ask: "Ask", patches: "Patches", sketch: "type[Sketch]"
) -> None:
    first, second = sketch(1, 1), sketch(1, 1)
    second.pixels = tinted(patches)
    first.pixels = cropped(second.pixels)
    answer = (await ask(first.image, second.image, "What is the difference?")).text
    assert "The second is the first wider: the first is only a part of it." in answer


def stage(sketch: "type[Sketch]", disc: str = "#d81e1e", *, door: bool = True) -> "Drawn":
    sheet = sketch(640, 420, ground="#cfd8c8").write("STAGE 3", (40, 30), size_px=40)
    sheet.draw.rectangle((60, 240, 180, 360), fill="#30507a")
    sheet.draw.ellipse((250, 150, 350, 250), fill=disc)
    if door:
        sheet.draw.rectangle((500, 200, 580, 400), fill="#2a8a50")
    return sheet.image


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What changed?", "1 place changed, boxes in pixels of the first: centre ("),
        ("What changed?", ") from red to blue."),
        ("两张图有什么不同？", "）从红色变为蓝色。"),
        ("How many places have changed?", "1 place changed"),
        ("Are the two pictures the same?", "The two pictures show the same view; they are 9"),
    ],
)
async def test_a_thing_of_another_colour_is_told(
    ask: "Ask", *, sketch: "type[Sketch]", question: str, wanted: str
) -> None:
    answer = await ask(stage(sketch), stage(sketch, "#1e46d8"), question)
    assert wanted in answer.text


async def test_what_is_missing_is_told_with_its_place(ask: "Ask", sketch: "type[Sketch]") -> None:
    answer = await ask(
        stage(sketch), stage(sketch, door=False), "What is missing in the second picture?"
    )
    assert "1 place changed, boxes in pixels of the first: bottom right (" in answer.text
    assert "Their text is the same (1 lines)." in answer.text


@pytest.mark.parametrize(
    ("odd", "question", "wanted"),
    [
        (1, "Which of the pictures is different?", "Picture 2 differs from the others, which are"),
        (2, "哪一张与其他不同？", "第 3 张与其他图片不同，其余的相同。"),
    ],
)
async def test_the_odd_one_of_three_is_named(
    ask: "Ask", *, sketch: "type[Sketch]", odd: int, question: str, wanted: str
) -> None:
    pictures = [stage(sketch, "#f5d820" if place == odd else "#d81e1e") for place in range(3)]
    assert (await ask(*pictures, question)).text.startswith(wanted)


async def test_three_that_all_differ_have_no_odd_one(ask: "Ask", sketch: "type[Sketch]") -> None:
    pictures = [stage(sketch, disc) for disc in ("#d81e1e", "#1e46d8", "#f5d820")]
    answer = await ask(*pictures, "Which one is different?")
    assert answer.text.startswith("Pictures 1 and 2:")


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Are these two pictures identical?", "The two pictures are identical."),
        ("两张图一样吗？", "两张图片完全相同。"),
    ],
)
async def test_the_same_picture_twice_is_identical(
    ask: "Ask", *, sketch: "type[Sketch]", question: str, wanted: str
) -> None:
    assert (await ask(stage(sketch), stage(sketch), question)).text.startswith(wanted)


async def test_a_long_list_of_changed_lines_is_cut(ask: "Ask", sketch: "type[Sketch]") -> None:
    names = ["Oslo", "Paris", "Rome", "Cairo", "Lima", "Quito", "Delhi", "Tokyo", "Accra", "Sofia"]
    lines = [line for name in names for line in (name, f"{name} station")]
    other = [f"{line[::-1]} west" if place % 2 else line for place, line in enumerate(lines)]
    before, after = (
        sketch(500, 900).lines(texts, (40, 20), step_px=43).image for texts in (lines, other)
    )
    answer = await ask(before, after, "What are the differences?")
    assert "- and 2 more" in answer.text
