"""How much of a picture could be leaves or grass."""

from typing import TYPE_CHECKING

import numpy as np

from qwen_vision.engines.embedded.perception.eyes import Eyes

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch


async def test_blades_of_grass_in_light_and_shade_are_leafy(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    lawn, chance = sketch(480, 320, ground="#bcd4ee"), np.random.default_rng(3)
    for _ in range(4000):
        left, bottom = int(chance.integers(480)), int(chance.integers(160, 330))
        green = int(chance.integers(70, 220))
        red = int(green * chance.uniform(0.55, 0.9))
        colour = f"#{red:02x}{green:02x}{red // 3:02x}"
        lawn.draw.line([(left, bottom), (left + 6, bottom - 30)], fill=colour, width=2)
    facts = await eyes.picture(lawn.image)
    assert 0.4 < facts.leafy < 0.7


async def test_an_even_green_sheet_and_a_green_drawing_are_not_leafy(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    sheet = sketch(300, 200, ground="#5a9a2e").write("GREEN", (60, 80))
    drawing = sketch(300, 200, ground="#ffffff")
    for left in range(0, 300, 12):
        drawing.draw.rectangle((left, 0, left + 5, 200), fill="#5a9a2e")
    assert (await eyes.picture(sheet.image)).leafy == 0
    assert (await eyes.picture(drawing.image)).leafy == 0
