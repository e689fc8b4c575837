"""A thing is told from the ground in its box, and its colours with it."""

from typing import TYPE_CHECKING

from qwen_vision.engines.embedded.facts import Box
from qwen_vision.engines.embedded.perception.eyes import Eyes

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch


async def test_the_colours_of_a_thing_are_not_those_of_the_ground(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    page = sketch(600, 400, ground="#8cbeeb")
    page.draw.ellipse((200, 100, 400, 300), fill="#dc1e1e")
    colors = await eyes.thing_colors(page.image, Box(195, 95, 405, 305))
    assert colors[0].name == "red"
    assert colors[0].share > 0.9


async def test_a_thing_of_two_colours_has_both(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(600, 400, ground="white")
    page.draw.rectangle((200, 100, 400, 200), fill="#2355d2")
    page.draw.rectangle((200, 200, 400, 300), fill="#145523")
    colors = await eyes.thing_colors(page.image, Box(190, 90, 410, 310))
    assert {color.name for color in colors[:2]} == {"blue", "dark green"}


async def test_a_thing_that_looks_like_the_ground_has_no_colour_of_its_own(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    page = sketch(600, 400, ground="#8cbeeb")
    page.draw.rectangle((290, 190, 296, 196), fill="#dc1e1e")
    assert await eyes.thing_colors(page.image, Box(195, 95, 405, 305)) == ()


async def test_a_thing_that_fills_the_picture_can_not_be_told_from_a_ground(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    page = sketch(120, 80, ground="#dc1e1e")
    assert await eyes.thing_colors(page.image, Box(0, 0, 120, 80)) == ()


async def test_a_thing_as_thin_as_a_hair_breaks_nothing(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(600, 900, ground="white")
    page.draw.line((300, 0, 300, 900), fill="black")
    assert await eyes.thing_colors(page.image, Box(300, 0, 300.5, 900)) == ()
