"""Cuts, dissolves, fades and flashes are told apart."""

from typing import TYPE_CHECKING

from PIL import Image as PillowImage

from qwen_vision.engines.embedded.facts import VideoFacts
from qwen_vision.engines.embedded.perception.eyes import Eyes
from qwen_vision.media.items import Pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.engines.embedded.conftest import Film, Sketch


def scene(sketch: "type[Sketch]", ground: str, *, seed: int) -> Pixels:
    """A ground with blocks scattered over it, elsewhere for each seed."""
    sheet = sketch(320, 180, ground=ground)
    for number in range(14):
        x, y = (number * 97 + seed * 61) % 280, (number * 53 + seed * 37) % 140
        shade = (number * 17 + seed * 40) % 256
        sheet.draw.rectangle((x, y, x + 50, y + 40), fill=(shade, 200 - shade // 2, 90))
    return sheet.pixels


async def watched(eyes: Eyes, film: "Film") -> VideoFacts:
    return await eyes.watch(film, read_text=False)


def kinds(seen: VideoFacts) -> list[tuple[str, float, float]]:
    return [(change.kind, change.start_s, change.end_s) for change in seen.changes]


def mixed(one: Pixels, other: Pixels, shares: "Sequence[float]") -> list[Pixels]:
    return [PillowImage.blend(one, other, share) for share in shares]


async def test_a_dissolve_is_one_change_and_no_cut(
    eyes: Eyes, sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    first = scene(sketch, "#203060", seed=1)
    second = scene(sketch, "#e0c070", seed=2)
    frames = [first] * 4 + mixed(first, second, (0.25, 0.5, 0.75)) + [second] * 4
    seen = await watched(eyes, film(frames))
    assert kinds(seen) == [("dissolve", 1.5, 3.5)]
    assert [(shot.start_s, shot.end_s) for shot in seen.shots] == [(0.0, 2.5), (2.5, 5.5)]


async def test_a_fade_through_black_parts_two_shots(
    eyes: Eyes, sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    first, second = scene(sketch, "#5080c0", seed=1), scene(sketch, "#e0c070", seed=2)
    black = sketch(320, 180, ground="black").pixels
    frames = [first] * 4 + mixed(first, black, (0.4, 0.8)) + [black]
    frames += mixed(black, second, (0.3, 0.6)) + [second] * 4
    seen = await watched(eyes, film(frames))
    assert [kind for kind, _, _ in kinds(seen)] == ["fade out", "fade in"]
    assert len(seen.shots) == 2


async def test_a_fade_at_the_end_is_no_new_shot(
    eyes: Eyes, sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    only = scene(sketch, "#5080c0", seed=1)
    black = sketch(320, 180, ground="black").pixels
    frames = [only] * 5 + mixed(only, black, (0.3, 0.6, 0.9)) + [black] * 2
    seen = await watched(eyes, film(frames))
    assert [kind for kind, _, _ in kinds(seen)] == ["fade out"]
    assert len(seen.shots) == 1


async def test_a_flash_is_no_cut(eyes: Eyes, sketch: "type[Sketch]", film: "type[Film]") -> None:
    only = scene(sketch, "#305080", seed=1)
    white = sketch(320, 180).pixels
    seen = await watched(eyes, film([only] * 4 + [white] + [only] * 4))
    assert kinds(seen) == []
    assert len(seen.shots) == 1
