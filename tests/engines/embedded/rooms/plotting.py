"""Parts of charts that tests draw: an axis with ticks, a legend, the slices of a pie."""

from collections.abc import Iterable, Sequence

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


def pie(shares: Sequence[tuple[str, int]], colors: Sequence[str]) -> Sketch:
    """A pie of these shares, in percent, with a legend beside it."""
    chart = Sketch(700, 420)
    start = -90.0
    for (_, share), color in zip(shares, colors, strict=True):
        chart.draw.pieslice((60, 60, 360, 360), start, start + share * 3.6, fill=color)
        start += share * 3.6
    return with_legend(chart, (name for name, _ in shares), colors, at=(450, 120))
