"""Charts whose labels slant, stand, take two lines or are single letters, drawn here and read."""

import math
from collections.abc import Callable

import pytest

from tests.engines.embedded.conftest import Sketch
from tests.engines.embedded.rooms.conftest import Ask
from tests.engines.embedded.rooms.plotting import (
    FOOT,
    level_axis,
    slices,
    turned_text,
    values_in,
    with_axis,
    with_bars,
    with_legend,
)

# One engine for all: what it has loaded and seen is kept.
pytestmark = pytest.mark.asyncio(loop_scope="module")

VALUES = (30, 12, 44, 21)
THREE = ("#4472c4", "#ed7d31", "#70ad47")
WAYS = (("Metro", 45), ("Bus", 30), ("Walk", 25))


def _unnamed() -> Sketch:
    return with_bars(with_axis(Sketch(800, 560)), VALUES)


def _turned(names: tuple[str, ...], turn_deg: float) -> Sketch:
    chart = _unnamed()
    for place, name in enumerate(names):
        turned_text(chart, name, (198 + place * 150, FOOT + 10), turn_deg=turn_deg)
    return chart


def _slanted() -> Sketch:
    return _turned(("January", "February", "March", "April"), 40)


def _standing() -> Sketch:
    return _turned(("Lisbon", "Madrid", "Athens", "Vienna"), 90)


def _in_two_lines() -> Sketch:
    chart = _unnamed()
    for place, name in enumerate(("New York", "Los Angeles", "San Diego", "El Paso")):
        for line, word in enumerate(name.split()):
            chart.write(word, (150 + place * 150, FOOT + 12 + line * 27), size_px=22)
    return chart


def _of_letters() -> Sketch:
    return with_bars(with_axis(Sketch(800, 540)), VALUES, names=("A", "B", "C", "D"))


def _lying_letters() -> Sketch:
    chart = level_axis(Sketch(860, 420))
    for place, (name, value) in enumerate((("P", 45), ("Q", 20), ("R", 32), ("All", 25))):
        top = 30 + place * 78
        chart.draw.rectangle((161, top, 160 + value * 12, top + 44), fill="#2f7d4f")
        chart.write(name, (145 - 12 * len(name), top + 9), size_px=22)
    return chart


def _with_names_around(names: tuple[tuple[str, int], ...], *, printed: bool = False) -> Sketch:
    chart = slices(Sketch(700, 460), names, THREE, at=(350, 230))
    at_deg = -90.0
    for name, share in names:
        middle = math.radians(at_deg + share * 1.8)
        at_deg += share * 3.6
        x, y = 350 + 175 * math.cos(middle), 230 + 172 * math.sin(middle)
        chart.write(name, (int(x) - (0 if x > 350 else 12 * len(name)), int(y) - 12), size_px=22)
        if printed:
            at = (int(328 + 95 * math.cos(middle)), int(218 + 95 * math.sin(middle)))
            chart.write(f"{share}%", at, size_px=22, ink="white")
    return chart


def _lettered_pie() -> Sketch:
    return _with_names_around((("A", 45), ("B", 30), ("C", 25)))


def _titled_pie() -> Sketch:
    return _with_names_around(WAYS, printed=True).write("Ways to work", (275, 8), size_px=26)


@pytest.mark.parametrize(
    ("drawn", "names", "values"),
    [
        (_slanted, ("January", "February", "March", "April"), VALUES),
        (_standing, ("Lisbon", "Madrid", "Athens", "Vienna"), VALUES),
        (_in_two_lines, ("New York", "Los Angeles", "San Diego", "El Paso"), VALUES),
        (_of_letters, ("A", "B", "C", "D"), VALUES),
        (_lying_letters, ("P", "Q", "R", "All"), (45, 20, 32, 25)),
        (_lettered_pie, ("A", "B", "C"), (45, 30, 25)),
        (_titled_pie, ("Metro", "Bus", "Walk"), (45, 30, 25)),
    ],
)
async def test_each_mark_has_the_name_that_stands_at_it(
    ask: Ask, *, drawn: Callable[[], Sketch], names: tuple[str, ...], values: tuple[float, ...]
) -> None:
    told = values_in((await ask(drawn().image, "Read this chart.")).text)
    assert list(told) == list(names)
    assert list(told.values()) == pytest.approx(values, abs=0.4)


async def test_a_pie_tells_its_title_and_the_shares_printed_in_it(ask: Ask) -> None:
    told = (await ask(_titled_pie().image, "Read this chart.")).text
    assert "A pie chart, “Ways to work”" in told
    assert "- Bus: 30%" in told


async def test_a_legend_in_one_row_with_its_patches_close_names_the_series(ask: Ask) -> None:
    chart = with_axis(Sketch(800, 560))
    for place, (ada, bob) in enumerate(((30, 12), (42, 24), (18, 45))):
        for value, left, color in ((ada, 160, THREE[0]), (bob, 210, THREE[1])):
            x = left + place * 200
            chart.draw.rectangle((x, FOOT - value * 8, x + 46, FOOT - 1), fill=color)
        chart.write(("North", "South", "West")[place], (175 + place * 200, FOOT + 14), size_px=22)
    for left, name, color in ((300, "Ada", THREE[0]), (400, "Bob", THREE[1])):
        with_legend(chart, (name,), (color,), at=(left, 505))
    told = (await ask(chart.image, "Read this chart.")).text
    assert "| | Ada | Bob |" in told
    assert "| South | ≈ 42 | ≈ 24 |" in told
