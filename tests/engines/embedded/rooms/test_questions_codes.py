"""What people ask about a code, a sign and several pictures at once."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from qwen_vision.engines.base import Text, Turn
from qwen_vision.media.items import Size

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engines.embedded.conftest import Drawn, Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")

MENU = "https://example.com/menu?table=12"


def fenced(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text.removeprefix("```json").partition("```")[0])
    return found


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What does the QR code say?", f"QR Code at the centre holds: {MENU}"),
        ("扫一下二维码，内容是什么？", f"QR Code 内容是：{MENU}"),
        ("Is there a barcode?", f"Yes: “{MENU}” at the centre"),
        ("有二维码吗？", f"有：“{MENU}”，在中间"),
        ("How many QR codes are there?", "I count 1 (QR codes)"),
        ("有几个二维码？", "我数到 1 个（二维码）"),
        ("Where is the QR code?", f"“{MENU}” is at the centre (pixels 136, 188 to 484, 536)"),
        ("二维码在哪里？", "在中间"),
        ("Describe this image.", f"It carries a QR Code: {MENU}"),
        ("描述这张图片", f"QR Code: {MENU}"),
        ("Is there any text?", "Yes: 2 lines of text."),
        ("有没有文字？", "有，共 2 行文字。"),
    ],
)
async def test_a_poster_with_a_code_is_asked(
    ask: "Ask", example: "Callable[[str], Drawn]", *, question: str, wanted: str
) -> None:
    answer = await ask(example("qrcode.png"), question)
    assert wanted in answer.text


async def test_a_code_is_boxed_and_pointed_at(
    ask: "Ask", example: "Callable[[str], Drawn]"
) -> None:
    boxed = await ask(example("qrcode.png"), "Locate the QR code and give bbox JSON.")
    # The code stands at (136, 188, 484, 536) of 620 × 720 pixels: in thousandths.
    assert fenced(boxed.text) == [{"bbox_2d": [219, 261, 781, 744], "label": MENU}]
    pointed = await ask(example("qrcode.png"), "Point to the QR code.")
    assert fenced(pointed.text) == [{"point_2d": [500, 503], "label": MENU}]
    assert boxed.evidence[0].box == (136, 188, 484, 536)


async def test_boxes_of_a_resized_family_are_pixels_of_what_the_model_sees(
    ask: "Ask", example: "Callable[[str], Drawn]"
) -> None:
    poster = example("qrcode.png")
    poster.final = Size(310, 360)
    answer = await ask(poster, "Locate the QR code, bbox.", model="qwen2.5-vl-7b-instruct")
    assert fenced(answer.text)[0]["bbox_2d"] == [68, 94, 242, 268]


async def test_two_pictures_are_asked_for_codes(
    ask: "Ask", example: "Callable[[str], Drawn]"
) -> None:
    pictures = (example("qrcode.png"), example("sign.png"))
    english = await ask(*pictures, "What do the QR codes say?")
    assert f"Picture 1: The QR Code at the centre holds: {MENU}" in english.text
    assert "Picture 2: I find no QR code or barcode" in english.text
    chinese = await ask(*pictures, "两张图片里的二维码是什么？")
    assert "图片 2：这张图片中没有找到可读取的二维码" in chinese.text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Read the first line.", "Platform 7"),
        ("首行写了什么", "Platform 7"),
        ("Read line 2.", "Trains to Riverside"),
        ("What is the 2nd line?", "Trains to Riverside"),
        ("第二行写了什么？", "Trains to Riverside"),
        ("第2行是什么？", "Trains to Riverside"),
        ("Read the last line.", "Trains to Riverside"),
        ("最后一行是什么？", "Trains to Riverside"),
        ("What is written at the bottom?", "Trains to Riverside"),
        ("What text is in the middle?", "Platform 7"),
        ("Read the text on the left.", "Platform 7\nTrains to Riverside"),
        ("Read the fifth line.", "I find no text there; the picture has 2 lines of text."),
        ("右侧的文字是什么？", "那里没有文字；图中共有 2 行文字。"),
    ],
)
async def test_part_of_a_sign_is_read(
    ask: "Ask", example: "Callable[[str], Drawn]", *, question: str, wanted: str
) -> None:
    assert (await ask(example("sign.png"), question)).text == wanted


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many words are there?", "I read 5 words."),
        ("图片中有多少个单词？", "图中有 5 个词。"),
        ("How many characters are there?", "I read 26 characters."),
        ("图中有多少个字？", "图中有 26 个字符。"),
        ("How many lines of text are there?", "I read 2 lines of text."),
        ("图中有多少行文字？", "图中有 2 行文字。"),
        ('How many times does "Platform" appear?', "“Platform” appears once."),
        ("How many pictures did I send?", "You sent 1 picture."),
        ("一共有几张图片？", "共有 1 张图片。"),
    ],
)
async def test_a_sign_is_counted(
    ask: "Ask", example: "Callable[[str], Drawn]", *, question: str, wanted: str
) -> None:
    assert (await ask(example("sign.png"), question)).text == wanted


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ('Where is the word "Platform"?', "“Platform 7” is at the centre (pixels 101, 98"),
        ("“Riverside”在哪里？", "“Trains to Riverside”在下方"),
        ('Is there a "Riverside"?', "Yes: “Trains to Riverside” at the bottom."),
        ("有没有“Harbour”？", "这张图片里没有找到“Harbour”。"),
        ("Is there a barcode?", "I find no “barcode” in this picture."),
        ("Where is the conductor?", "doesn't mention “conductor”"),
        ("售票员在哪里？", "图中文字没有提到“售票员”"),
        ("What size is this image?", "900 pixels wide and 420 pixels high (landscape, 15:7)"),
        ("图片的尺寸是多少？", "图片宽 900 像素，高 420 像素（横向，15:7）。"),
        ("主要颜色是什么？", "白色（#ffffff, 6%）"),
        ("Is this picture dark?", "it is evenly lit (brightness 0.44 of 1"),
        ("图片清晰吗？", "亮度适中（亮度 0.44"),
        ("What changed?", "There is only one picture here"),
        ("有什么区别？", "这里只有一张图片"),
    ],
)
async def test_a_sign_is_searched_and_measured(
    ask: "Ask", example: "Callable[[str], Drawn]", *, question: str, wanted: str
) -> None:
    assert wanted in (await ask(example("sign.png"), question)).text


async def test_nothing_found_is_said_after_an_empty_list_of_boxes(
    ask: "Ask", example: "Callable[[str], Drawn]"
) -> None:
    answer = await ask(example("sign.png"), 'Locate "Harbour" and give its bounding box.')
    assert answer.text == "```json\n[]\n```\nI find no “Harbour” in this picture."


async def test_several_pictures_are_measured_searched_and_told_one_by_one(
    ask: "Ask", example: "Callable[[str], Drawn]"
) -> None:
    pictures = (example("sign.png"), example("qrcode.png"))
    sizes = (await ask(*pictures, "What size are these pictures?")).text.split("\n")
    assert sizes[0].startswith("Picture 1: The picture is 900 pixels wide")
    assert sizes[1].startswith("Picture 2: The picture is 620 pixels wide and 720 pixels high (por")
    found = (await ask(*pictures, 'Is there a "Platform" in each picture?')).text
    assert found.split("\n") == [
        "Picture 1: Yes: “Platform 7” at the centre.",
        "Picture 2: I find no “Platform” in this picture.",
    ]
    told = (await ask(*pictures, "Describe these pictures.")).text
    assert told.index("Platform 7") < told.index("Picture 2: A portrait picture")
    assert told.index("Picture 2: A portrait picture") < told.index(MENU)


async def test_views_that_differ_are_compared_pair_by_pair(
    ask: "Ask", example: "Callable[[str], Drawn]", sketch: "type[Sketch]"
) -> None:
    sign, poster, blank = example("sign.png"), example("qrcode.png"), sketch(300, 300).image
    answer = await ask(sign, poster, "Compare these pictures.")
    assert "show different views" in answer.text
    assert "the first is 900 × 420 pixels, the second 620 × 720" in answer.text
    assert "became “Scan for the menu / Table 12”" in answer.text
    three = await ask(sign, poster, blank, "比较这些图片")
    assert "图片 1 和图片 2：\n两张图片画面不同" in three.text
    assert "图片 2 和图片 3：" in three.text
    assert "- 只在第一张中：“Scan for the menu / Table 12”" in three.text


async def test_only_added_text_and_no_text_at_all_are_told_apart(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    one = sketch(500, 300).write("Open daily", (60, 40))
    two = sketch(500, 300).write("Open daily", (60, 40)).write("Sold out", (60, 200))
    added = await ask(one.image, two.image, "What are the differences?")
    assert "- only in the second: “Sold out”" in added.text
    assert "1 place changed" in added.text
    left, top, right, bottom = added.evidence[0].box or (0, 0, 0, 0)
    assert 40 <= left < right <= 200
    assert 180 <= top < bottom <= 250
    plain, dotted = sketch(300, 300, ground="#20a040"), sketch(300, 300, ground="#20a040")
    dotted.draw.ellipse((100, 100, 200, 200), fill="#d02020")
    shapes = await ask(plain.image, dotted.image, "What differs?")
    assert "Neither holds any text." in shapes.text
    same_words = sketch(500, 300, ground="#f0f0a0").write("Open daily", (60, 40))
    tinted = await ask(one.image, same_words.image, "What differs?")
    assert "Their text is the same (1 lines)." in tinted.text


async def test_a_follow_up_is_about_the_picture_before(
    ask: "Ask", example: "Callable[[str], Drawn]"
) -> None:
    before = (
        Turn("user", (example("sign.png"), Text("Read it."))),
        Turn("assistant", (Text("Platform 7\nTrains to Riverside"),)),
    )
    assert (await ask("And the last line?", before=before)).text == "Trains to Riverside"
    both = await ask(example("qrcode.png"), "Compare it with the previous one.", before=before)
    assert "show different views" in both.text


@pytest.mark.parametrize(
    ("ground", "question", "wanted"),
    [
        ("black", "Is this picture blank?", "The picture is blank."),
        ("black", "这张图是空白的吗？", "图片是空白的。"),
        ("white", "描述一下", "一张空白的白色图片，240 × 240 像素"),
        ("#808080", "Is it in black and white?", "in shades of grey"),
    ],
)
async def test_a_plain_picture_is_told_as_it_is(
    ask: "Ask", sketch: "type[Sketch]", *, ground: str, question: str, wanted: str
) -> None:
    assert wanted in (await ask(sketch(240, 240, ground=ground).image, question)).text


async def test_dark_and_bright_are_measured(ask: "Ask", sketch: "type[Sketch]") -> None:
    night = sketch(240, 240, ground="#101010").write("Night", (40, 80), size_px=48, ink="white")
    assert "it is dark" in (await ask(night.image, "How is the exposure?")).text
    day = sketch(240, 200, ground="#f4f4f4").write("Day", (40, 80), size_px=48)
    assert "it is bright" in (await ask(day.image, "How is the exposure?")).text


async def test_a_long_page_is_described_by_its_first_lines(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    trees = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ivy")
    page = sketch(360, 480).lines([f"Stop {tree}" for tree in trees], (30, 20), step_px=48)
    told = await ask(page.image, "What is in this picture?")
    assert "It holds 9 lines of text, beginning with:\n> Stop Alder" in told.text
    assert "Stop Ivy" not in told.text
