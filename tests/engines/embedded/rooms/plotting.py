"""Parts of charts that tests draw: an axis with ticks, a legend, the slices of a pie."""

import re
from collections.abc import Iterable, Sequence

from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from tests.engines.embedded.conftest import Sketch

FOOT, LEFT = 440, 110
FIFTHS = ("0", "10", "20", "30", "40", "50")
_HIGH_PX = 400


def with_axis(chart: Sketch, ticks: Sequence[str] = FIFTHS) -> Sketch:
    """The chart with an axis at its left that is 400 px high, its ticks evenly spread."""
    for number, tick in enumerate(ticks):
        y = FOOT - number * _HIGH_PX // (len(ticks) - 1)
        chart.draw.line((LEFT - 6, y, LEFT, y), fill="black")
        chart.write(tick.rjust(5), (LEFT - 84, y - 13), size_px=22)
    chart.draw.line((LEFT, FOOT - _HIGH_PX, LEFT, FOOT), fill="black")
    chart.draw.line((LEFT, FOOT, 760, FOOT), fill="black")
    return chart


def with_legend(
    chart: Sketch, names: Iterable[str], colors: Iterable[str], *, at: tuple[int, int]
) -> Sketch:
    """The chart with a patch of colour and a name under another."""
    for number, (name, color) in enumerate(zip(names, colors, strict=True)):
        left, top = at[0], at[1] + number * 45
        chart.draw.rectangle((left, top, left + 20, top + 20), fill=color)
        chart.write(name, (left + 34, top - 3), size_px=23)
    return chart


def slices(
    chart: Sketch, shares: Sequence[tuple[str, int]], colors: Sequence[str], *, at: tuple[int, int]
) -> Sketch:
    """The chart with a disc around `at`, cut clockwise from the top by shares in percent."""
    start = -90.0
    around = (at[0] - 150, at[1] - 150, at[0] + 150, at[1] + 150)
    for (_, share), color in zip(shares, colors, strict=True):
        chart.draw.pieslice(around, start, start + share * 3.6, fill=color)
        start += share * 3.6
    return chart


def pie(shares: Sequence[tuple[str, int]], colors: Sequence[str]) -> Sketch:
    """A pie of these shares, in percent, with a legend beside it."""
    chart = slices(Sketch(700, 420), shares, colors, at=(210, 210))
    return with_legend(chart, (name for name, _ in shares), colors, at=(450, 120))


def level_axis(chart: Sketch) -> Sketch:
    """The chart with an axis at its foot from 0 to 50, 12 px for one."""
    for number in range(6):
        x = 160 + number * 120
        chart.draw.line((x, 340, x, 346), fill="black")
        chart.write(str(number * 10), (x - 12, 350), size_px=22)
    chart.draw.line((160, 340, 760, 340), fill="black")
    return chart


def with_bars(
    chart: Sketch,
    values: Sequence[float],
    *,
    names: Sequence[str] = (),
    px: float = 8,
    color: str = "#2f7d4f",
) -> Sketch:
    """The chart with a bar for each value, `px` high for one, and perhaps its name under it."""
    step = 600 // len(values)
    for place, value in enumerate(values):
        left = 150 + place * step
        top, bottom = sorted((FOOT - round(value * px), FOOT))
        chart.draw.rectangle((left, top, left + step // 2, bottom - 1), fill=color)
    for place, name in enumerate(names):
        chart.write(name, (150 + place * step, FOOT + 14), size_px=22)
    return chart


def turned_text(
    chart: Sketch, text: str, at: tuple[int, int], *, turn_deg: float, size_px: int = 22
) -> Sketch:
    """The chart with a text turned anticlockwise, its upper right corner at `at`."""
    font = ImageFont.load_default(size_px)
    box = font.getbbox(text)
    ink = PillowImage.new("L", (round(box[2]) + 4, round(box[3]) + 4), 0)
    ImageDraw.Draw(ink).text((2, 2), text, fill=255, font=font)
    turned = ink.rotate(turn_deg, expand=True, resample=PillowImage.Resampling.BICUBIC)
    place = (at[0] - turned.width, at[1])
    chart.pixels.paste("black", (*place, place[0] + turned.width, place[1] + turned.height), turned)
    return chart


def values_in(told: str) -> dict[str, float]:
    """The values that an answer lists, by their names."""
    listed = re.findall(r"^- (.+?): (?:≈ )?(-?[\d.]+)%?$", told, re.MULTILINE)
    return {name: float(value) for name, value in listed}
