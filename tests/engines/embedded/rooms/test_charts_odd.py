"""Charts built in less common ways, and what only looks like a chart, drawn here and read."""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.engines.embedded.conftest import Sketch
from tests.engines.embedded.rooms.conftest import Ask
from tests.engines.embedded.rooms.plotting import (
    FOOT,
    LEFT,
    level_axis,
    slices,
    values_in,
    with_axis,
    with_bars,
    with_legend,
)

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")

BLUE, ORANGE, GREEN = "#4472c4", "#ed7d31", "#70ad47"
NAMES = ("Ann", "Ben", "Cleo", "Dan")
VALUES = (30, 12, 44, 21)
DAYS = {"Mon": 180, "Tue": 330, "Wed": 480, "Thu": 630}
THREE = (("North", 180), ("South", 380), ("West", 580))


def _sheet(width: int = 800) -> Sketch:
    return Sketch(width, 560)


def _bars(*ticks: str) -> Sketch:
    return with_bars(
        with_axis(_sheet(), ticks) if ticks else with_axis(_sheet()), VALUES, names=NAMES
    )


def _days(chart: Sketch) -> Sketch:
    for name, x in DAYS.items():
        chart.write(name, (x - 20, FOOT + 14), size_px=22)
    return chart


def _points(ticks: tuple[str, ...], places: tuple[tuple[int, int], ...]) -> Sketch:
    """Dots at places in pixels from the corner of the axes, the level one from 0 to 10."""
    chart = with_axis(_sheet(), ticks)
    for number in range(6):
        chart.write(str(number * 2), (LEFT + number * 120 - 8, FOOT + 10), size_px=22)
    for x, y in places:
        at = (LEFT + x, FOOT - y)
        chart.draw.ellipse((at[0] - 6, at[1] - 6, at[0] + 6, at[1] + 6), fill="#1f77b4")
    return chart


def _cropped() -> Sketch:
    """The print of the axis begins at the very side of the picture."""
    chart = _bars()
    chart.pixels = chart.pixels.crop((38, 0, 800, 560))
    return chart


def _axis_at_the_right() -> Sketch:
    chart = _sheet()
    for number in range(6):
        y = FOOT - number * 80
        chart.draw.line((720, y, 726, y), fill="black")
        chart.write(str(number * 10), (736, y - 13), size_px=22)
    chart.draw.line((720, 40, 720, FOOT), fill="black")
    return with_bars(chart, VALUES, names=NAMES)


def _on_a_panel() -> Sketch:
    chart = _sheet(860)
    chart.draw.rectangle((LEFT, 20, 780, FOOT + 10), fill="#e5ecf6")
    for number in range(6):
        y = FOOT - number * 80
        chart.draw.line((LEFT, y, 780, y), fill="white", width=2)
        chart.write(str(number * 10).rjust(3), (50, y - 13), size_px=22)
    return with_bars(chart, VALUES, names=NAMES, color="#636efa")


def _small_names_around() -> Sketch:
    shares = (("A", 45), ("B", 30), ("C", 25))
    chart = slices(Sketch(700, 460), shares, (BLUE, ORANGE, GREEN), at=(350, 230))
    turn = 0.0
    for name, share in shares:
        middle = math.radians((turn + share / 2) * 3.6)
        at = (int(346 + 166 * math.sin(middle)), int(223 - 166 * math.cos(middle)))
        chart.write(name, at, size_px=13)
        turn += share
    return chart


def _lying_with_small_names() -> Sketch:
    """Bars that lie, two of them with lone letters, beside a letter that names the axis."""
    chart = level_axis(Sketch(860, 420))
    for place, (name, value) in enumerate((("Oats", 45), ("Q", 20), ("Rye", 32), ("J", 25))):
        top = 30 + place * 78
        chart.draw.rectangle((161, top, 160 + value * 12, top + 44), fill="#2f7d4f")
        chart.write(name, (150 - 8 * len(name), top + 14), size_px=13)
    return chart.write("n", (60, 118), size_px=22)


@pytest.mark.parametrize(
    ("drawn", "wanted"),
    [
        (_lying_with_small_names, {"Oats": 45, "Q": 20, "Rye": 32, "J": 25}),
        (_cropped, dict(zip(NAMES, VALUES, strict=True))),
        (_axis_at_the_right, dict(zip(NAMES, VALUES, strict=True))),
        (_on_a_panel, dict(zip(NAMES, VALUES, strict=True))),
        (_small_names_around, {"A": 45, "B": 30, "C": 25}),
    ],
)
async def test_charts_of_odd_build_are_measured(
    ask: Ask, *, drawn: Callable[[], Sketch], wanted: dict[str, float]
) -> None:
    told = values_in((await ask(drawn().image, "Read this chart.")).text)
    assert told == pytest.approx(wanted, abs=0.4)


@pytest.mark.parametrize(
    ("ticks", "unit"),
    [(("0,0", "0,5", "1,0", "1,5", "2,0", "2,5"), 0.05), (("0", "1e5", "2e5", "3e5", "4e5"), 1e4)],
)
async def test_ticks_are_read_as_they_are_written_in_other_places(
    ask: Ask, *, ticks: tuple[str, ...], unit: float
) -> None:
    scale = 5 / (len(ticks) - 1)
    told = values_in((await ask(_bars(*ticks).image, "Read this chart.")).text)
    wanted = {name: value * unit / scale for name, value in zip(NAMES, VALUES, strict=True)}
    assert told == pytest.approx(wanted, rel=0.02)


async def test_lines_have_the_names_of_the_strokes_of_a_legend(ask: Ask) -> None:
    chart = _days(with_axis(_sheet(990)))
    whole, broken = (12, 30, 22, 45), (35, 28, 20)
    whole_px = [(x, FOOT - 8 * y) for x, y in zip(DAYS.values(), whole, strict=True)]
    chart.draw.line(whole_px, fill="#d62728", width=3)
    ends = [(x, FOOT - 8 * y) for x, y in zip(list(DAYS.values())[1:], broken, strict=True)]
    for (left, high), (right, low) in pairwise(ends):
        for part in (0, 2, 4, 6, 8):
            start, end = part / 10, (part + 1.3) / 10
            wide, down = right - left, low - high
            dash = (left + wide * start, high + down * start, left + wide * end, high + down * end)
            chart.draw.line(dash, fill="#1f77b4", width=3)
    keys = (("Ada Bly", "#d62728"), ("Bob Ray", "#1f77b4"), ("Cy Dow", "#2ca02c"))
    for place, (name, color) in enumerate(keys):
        chart.draw.line((780, 110 + place * 40, 812, 110 + place * 40), fill=color, width=2)
        chart.write(name, (822, 97 + place * 40), size_px=22)
    told = (await ask(chart.image, "Read this chart.")).text
    assert "| | Ada Bly | Bob Ray |" in told
    assert "| Mon | ≈ 12.4 |  |" in told
    assert "| Wed | ≈ 22.1 | ≈ 28.1 |" in told


async def test_a_legend_of_lone_small_letters_names_the_series(ask: Ask) -> None:
    chart = with_axis(_sheet(900))
    for (name, x), values in zip(THREE, ((30, 12), (42, 24), (18, 45)), strict=True):
        for left, value, color in zip((x, x + 50), values, (BLUE, ORANGE), strict=True):
            chart.draw.rectangle((left, FOOT - value * 8, left + 46, FOOT - 1), fill=color)
        chart.write(name, (x + 10, FOOT + 14), size_px=22)
    for top, name, color in ((100, "A", BLUE), (126, "B", ORANGE)):
        chart.draw.rectangle((780, top, 792, top + 12), fill=color)
        chart.write(name, (800, top - 2), size_px=14)
    told = (await ask(chart.image, "Read this chart.")).text
    assert "| | A | B |" in told
    assert "| South | ≈ 42 | ≈ 24" in told


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Read this chart.", "Axes: x-axis “Year”, a logarithmic scale."),
        ("读图表", "坐标轴：横轴“Year”，对数刻度。"),
        ("What is the value in 2021?", "“2021”: ≈ 102"),
    ],
)
async def test_a_line_on_a_scale_of_powers_says_so(ask: Ask, *, question: str, wanted: str) -> None:
    chart = with_axis(Sketch(800, 580), ("1", "10", "100", "1000", "10000"))
    points = [(180 + place * 150, FOOT - y) for place, y in enumerate((100, 200, 150, 300))]
    chart.draw.line(points, fill="#d62728", width=3)
    for (x, _), name in zip(points, ("2020", "2021", "2022", "2023"), strict=True):
        chart.write(name, (x - 24, FOOT + 14), size_px=22)
    chart.write("Year", (400, FOOT + 60), size_px=22)
    assert wanted in (await ask(chart.image, question)).text


async def test_bars_that_touch_are_measured_one_by_one(ask: Ask) -> None:
    chart = with_axis(_sheet())
    wanted = {"18-29": 30, "30-44": 12, "45-59": 44, "60+": 21}
    for place, (name, value) in enumerate(wanted.items()):
        left = 130 + place * 140
        chart.draw.rectangle((left, FOOT - value * 8, left + 139, FOOT - 1), fill=GREEN)
        chart.write(name, (left + 40, FOOT + 14), size_px=22)
    told = (await ask(chart.image, "Read this chart.")).text
    assert told.startswith("A bar chart:")
    assert values_in(told) == pytest.approx(wanted, abs=0.5)


async def test_parts_of_nearly_one_shade_are_told_apart(ask: Ask) -> None:
    chart = with_axis(_sheet(960))
    for (name, x), (low, high) in zip(THREE, ((30, 12), (22, 24), (18, 20)), strict=True):
        chart.draw.rectangle((x, FOOT - low * 8, x + 70, FOOT - 1), fill=BLUE)
        both = FOOT - (low + high) * 8
        chart.draw.rectangle((x, both, x + 70, FOOT - low * 8 - 1), fill="#4472b2")
        chart.write(name, (x, FOOT + 14), size_px=22)
    with_legend(chart, ("Ada", "Bob"), (BLUE, "#4472b2"), at=(790, 100))
    assert "| South | ≈ 22.1 | ≈ 24 |" in (await ask(chart.image, "Read this chart.")).text


async def test_parts_over_and_under_zero_share_a_place(ask: Ask) -> None:
    chart = _sheet(960)
    for number, tick in enumerate((40, 20, 0, -20, -40)):
        chart.write(str(tick), (70, 27 + number * 100), size_px=22)
    for (name, x), (up, down) in zip(THREE, ((30, 10), (12, 25), (20, 15)), strict=True):
        chart.draw.rectangle((x, 240 - up * 5, x + 70, 239), fill=BLUE)
        chart.draw.rectangle((x, 240, x + 70, 240 + down * 5), fill=ORANGE)
        chart.write(name, (x, 520), size_px=22)
    with_legend(chart, ("In", "Out"), (BLUE, ORANGE), at=(790, 100))
    told = (await ask(chart.image, "Which are negative?")).text
    assert told == "North / Out (≈ -10.2), South / Out (≈ -25.2) and West / Out (≈ -15.2)."


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Read this chart.", "y from ≈ 4.07 to ≈ 6400"),
        ("How many points are there?", "I count about 6."),
        ("Convert the table to HTML.", "I find no table in this picture"),
    ],
)
async def test_dots_on_a_scale_of_powers_have_their_range(
    ask: Ask, *, question: str, wanted: str
) -> None:
    places = ((60, 60), (120, 120), (240, 180), (300, 260), (420, 310), (540, 380))
    chart = _points(("10^0", "10^1", "10^2", "10^3", "10^4"), places)
    assert wanted in (await ask(chart.image, question)).text


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is the value of Tea?", "“Tea”: ≈ 30"),
        ("What is the value of Green Tea?", "“Green Tea”: ≈ 12"),
        ("Which is the third lowest?", "The third lowest is ≈ 44 (Milk)"),
        ("How much did Milk rise?", "It goes up and down"),
        ("What is the title?", "I find no title over the chart."),
        ("What does the x-axis show?", "I find no title printed at the x-axis."),
    ],
)
async def test_a_name_within_another_is_told_from_it_and_a_source_from_a_title(
    ask: Ask, *, question: str, wanted: str
) -> None:
    chart = with_bars(with_axis(_sheet()), (30, 12, 44), names=("Tea", "Green Tea", "Milk"))
    chart.write("2024", (400, 4), size_px=26).write("Source: own", (100, 525), size_px=16)
    assert wanted in (await ask(chart.image, question)).text


async def test_a_bar_that_the_picture_cuts_is_not_measured(ask: Ask) -> None:
    chart = _bars()
    chart.draw.rectangle((450, 0, 525, FOOT - 1), fill="#2f7d4f")
    told = (await ask(chart.image, "What is the value of Cleo?")).text
    assert told.startswith("A chart shows “Cleo” here, but I can't measure the marks of it")
    assert list(values_in((await ask(chart.image, "Read this chart.")).text)) == [
        "Ann",
        "Ben",
        "Dan",
    ]


async def test_slices_of_one_colour_have_no_sure_name(ask: Ask) -> None:
    shares = (("", 30), ("", 20), ("", 25), ("", 25))
    chart = slices(Sketch(700, 420), shares, (BLUE, ORANGE, BLUE, GREEN), at=(210, 210))
    with_legend(chart, ("Rent", "Food", "Fun"), (BLUE, ORANGE, GREEN), at=(450, 120))
    told = (await ask(chart.image, "Read this chart.")).text
    assert values_in(told) == pytest.approx({"Food": 20, "Fun": 25}, abs=0.4)
    assert "2 more could not be named or measured surely" in told


def _band() -> Sketch:
    """A band between two lines, which stands on nothing."""
    chart = _days(with_axis(_sheet()))
    upper = [(x, FOOT - 8 * y) for x, y in zip(DAYS.values(), (20, 34, 26, 48), strict=True)]
    lower = [(x, FOOT - 8 * y) for x, y in zip(DAYS.values(), (12, 20, 14, 35), strict=True)]
    chart.draw.polygon([*upper, *lower[::-1]], fill="#ff9896")
    return chart


def _single_group() -> Sketch:
    chart = with_axis(_sheet())
    chart.draw.rectangle((300, FOOT - 240, 355, FOOT - 1), fill=BLUE)
    chart.draw.rectangle((360, FOOT - 96, 415, FOOT - 1), fill=ORANGE)
    return chart.write("North", (325, FOOT + 14), size_px=22)


def _three_dots() -> Sketch:
    return _points(("0", "10", "20", "30", "40", "50"), ((60, 40), (240, 160), (540, 380)))


def _badge() -> Sketch:
    chart = Sketch(500, 420)
    chart.draw.ellipse((60, 60, 360, 360), fill=BLUE)
    return chart.write("SALE", (150, 190), size_px=50, ink="white")


def _target() -> Sketch:
    chart = Sketch(500, 420)
    for radius, color in ((150, BLUE), (120, ORANGE), (105, GREEN), (60, BLUE)):
        chart.draw.ellipse((210 - radius, 210 - radius, 210 + radius, 210 + radius), fill=color)
    return chart.write("Aim", (400, 200))


def _axis_alone() -> Sketch:
    chart = with_axis(_sheet())
    chart.pixels = chart.pixels.crop((30, 0, 106, 560))
    return chart


@pytest.mark.parametrize("drawn", [_band, _single_group, _three_dots, _badge, _target, _axis_alone])
async def test_what_can_not_be_measured_surely_has_no_values(
    ask: Ask, *, drawn: Callable[[], Sketch]
) -> None:
    told = (await ask(drawn().image, "Read this chart.")).text
    assert "≈" not in told
    assert values_in(told) == {}


async def test_of_two_pictures_the_one_with_the_chart_answers_and_says_its_page(ask: Ask) -> None:
    chart, page = _bars().image, Sketch(300, 200).write("Milk 2.50", (40, 80)).image
    chart.page = 3
    answer = await ask(page, chart, "What is the value of Cleo in the chart?")
    assert "“Cleo”: ≈ 44.1, measured against the axis." in answer.text
    assert [(proof.field, proof.page) for proof in answer.evidence] == [("Cleo", 3)]
