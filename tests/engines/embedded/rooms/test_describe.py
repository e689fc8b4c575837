"""Describing a picture: its shape, its colours, what is written and coded in it."""

from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image as PillowImage

from tests.engines.embedded.rooms.plotting import FOOT, with_axis

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch
    from tests.engines.embedded.rooms.conftest import Ask

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")


def _striped(sketch: "type[Sketch]", colors: list[str], side_px: int = 360) -> "Sketch":
    page = sketch(side_px, side_px)
    wide = side_px / len(colors)
    for number, color in enumerate(colors):
        page.draw.rectangle((number * wide, 0, (number + 1) * wide, side_px), fill=color)
    return page


@pytest.mark.parametrize(
    ("size", "en", "zh"),
    [
        ((300, 200), "landscape", "横向"),
        ((200, 300), "portrait", "竖向"),
        ((300, 300), "square", "方形"),
    ],
)
async def test_the_shape_of_a_picture_is_told(
    ask: "Ask", sketch: "type[Sketch]", *, size: tuple[int, int], en: str, zh: str
) -> None:
    page = sketch(*size)
    page.draw.rectangle((50, 50, 150, 150), fill="blue")
    assert (await ask(page.image, "Describe this picture.")).text.startswith(f"A {en} picture")
    assert (await ask(page.image, "描述这张图片。")).text.startswith(f"一张{zh}图片")


@pytest.mark.parametrize(
    ("colors", "en", "zh"),
    [
        (["#ff0000", "#0000ff"], "mostly red and blue", "以红色和蓝色为主"),
        (["#202020", "#808080", "#c8c8c8"], "in shades of grey", "灰度"),
        (
            ["#dc1e1e", "#f58714", "#fae128", "#28aa3c", "#96dc82", "#145523", "#32cdd7", "#2355d2",
             "#8cbeeb", "#141e64", "#822da0", "#f596be", "#7d4b28", "#e1cdaa"],
            "in many colours",
            "色彩丰富",
        ),
    ],
)  # fmt: skip
async def test_the_colours_that_cover_much_are_told(
    ask: "Ask", sketch: "type[Sketch]", *, colors: list[str], en: str, zh: str
) -> None:
    page = _striped(sketch, colors).image
    assert en in (await ask(page, "Describe this picture.")).text.split("\n")[0]
    assert zh in (await ask(page, "描述这张图片。")).text.split("\n")[0]


async def test_a_blank_picture_is_told_with_its_colour_and_others_go_on(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    blank, page = sketch(300, 200, ground="#0000ff"), sketch(400, 120).write("Open", (30, 40))
    answer = await ask(blank.image, page.image, "Describe the pictures.")
    assert "Picture 1: A blank blue picture" in answer.text
    assert "Picture 2: A landscape picture" in answer.text
    assert "> Open" in answer.text
    assert "一张空白的蓝色图片" in (await ask(blank.image, "描述这张图片。")).text


async def test_all_codes_are_listed(ask: "Ask", sketch: "type[Sketch]") -> None:
    page = sketch(400, 800)
    for number, payload in enumerate(("first one", "second one")):
        code = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCode)
        drawn = PillowImage.fromarray(zxingcpp.write_barcode_to_image(code, scale=5))
        page.pixels.paste(drawn, (100, 60 + 400 * number))
    answer = await ask(page.image, "Describe this picture.")
    assert "It carries 2 codes:\n- QR Code: first one\n- QR Code: second one" in answer.text


async def test_long_texts_are_quoted_from_their_beginning(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    lines = [f"Chapter {number} begins" for number in range(1, 11)]
    page = sketch(500, 480).lines(lines, (40, 30), step_px=42).image
    text = (await ask(page, "Describe this picture.")).text
    assert "It holds 10 lines of text, beginning with:\n> Chapter 1 begins" in text
    assert "> Chapter 8 begins" in text
    assert "Chapter 9" not in text
    some = sketch(500, 300).lines(lines[:3], (40, 30), step_px=60).image
    assert (
        "The text in it:\n> Chapter 1 begins\n> Chapter 2" in (await ask(some, "Describe it.")).text
    )


async def test_what_a_page_calls_itself_is_told(ask: "Ask", sketch: "type[Sketch]") -> None:
    page = sketch(500, 200).lines(["INVOICE", "Hammer 12.50"], (40, 40), step_px=60).image
    text = (await ask(page, "Describe this picture.")).text
    assert "It looks like an invoice: it says “INVOICE”." in text


async def test_a_chart_is_found_whatever_it_shows(ask: "Ask", sketch: "type[Sketch]") -> None:
    chart = with_axis(sketch(860, 540))
    for name, x, values in (("North", 180, (30, 12)), ("South", 380, (42, 24))):
        for number, value in enumerate(values):
            box = (x + 52 * number, FOOT - value * 8, x + 52 * number + 48, FOOT - 1)
            chart.draw.rectangle(box, fill=("#d62728", "#1f77b4")[number])
        chart.write(name, (x, FOOT + 14), size_px=22)
    assert (await ask(chart.image, "Where is the chart?")).text.startswith("“a chart” is at the")
    assert "“一张图表”在" in (await ask(chart.image, "图表在哪里？")).text
    page = sketch(500, 120).write("No drawing on this page", (40, 40)).image
    assert "“a chart” is" not in (await ask(page, "Where is the chart?")).text


async def test_one_sentence_is_given_where_one_is_asked_for(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    page = sketch(400, 120, ground="#fae128").write("Wet paint", (40, 40), size_px=40).image
    text = (await ask(page, "Describe this picture in one sentence.")).text
    assert text == (
        "A landscape picture of 400 × 120 pixels, mostly yellow, with the text “Wet paint”."
    )
    zh = (await ask(page, "用一句话描述这张图片。")).text
    assert zh == "一张横向图片，400 × 120 像素，以黄色为主，上面写着“Wet paint”。"


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("What colour is the door?", "That is the whole picture"),
        ("What color are the girl's shoes?", "That is the whole picture"),
        ("图里的车是什么颜色？", "这是整张图片的颜色"),
        ("What colours are in it?", ""),
        ("What colour is this?", ""),
        ("这张图片是什么颜色？", ""),
    ],
)
async def test_the_colour_of_a_part_is_not_that_of_the_whole(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, note: str
) -> None:
    page = sketch(300, 200, ground="#2355d2")
    page.draw.rectangle((40, 40, 120, 120), fill="#dc1e1e")
    text = (await ask(page.image, question)).text
    assert "#2355d2" in text
    assert note in text
    assert ("whole" in text or "整张" in text) is bool(note)


BILL = ("GREEN VALLEY MARKET", "12 Orchard Road", "Receipt No. 004817", "Date: 2026-03-14",
        "Whole milk 1.29", "Sourdough bread 3.80", "TOTAL 5.09")  # fmt: skip


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What is in this image?", "Its date is 2026-03-14 and its total is 5.09."),
        ("图里有什么？", "日期 2026-03-14，合计 5.09。"),
        (
            "Summarise this receipt in one sentence.",
            "which looks like a receipt dated 2026-03-14 with a total of 5.09,",
        ),
        ("用一句话总结这张图片", "看起来是一张收据，日期 2026-03-14，合计 5.09，"),
    ],
)
async def test_a_bill_is_told_with_its_date_and_total(
    ask: "Ask", sketch: "type[Sketch]", *, question: str, told: str
) -> None:
    page = sketch(620, 460).lines(BILL, (60, 30), step_px=56, size_px=28)
    assert told in (await ask(page.image, question)).text


async def test_the_date_and_total_of_a_bill_are_shown_where_they_stand(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    page = sketch(620, 460).lines(BILL, (60, 30), step_px=56, size_px=28)
    evidence = (await ask(page.image, "What is in this image?")).evidence
    assert [(proof.field, proof.text) for proof in evidence] == [
        ("date", "2026-03-14"),
        ("total", "5.09"),
    ]
    tops = [proof.box[1] for proof in evidence if proof.box]
    assert abs(tops[0] - (30 + 3 * 56)) < 20
    assert abs(tops[1] - (30 + 6 * 56)) < 20


async def test_a_page_that_is_no_bill_is_told_without_a_total(
    ask: "Ask", sketch: "type[Sketch]"
) -> None:
    page = sketch(620, 460).lines(("Chess club", "Total 12 players"), (60, 30), size_px=28)
    assert "total is" not in (await ask(page.image, "What is in this image?")).text
