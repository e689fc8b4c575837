"""Objects over time: a watcher whose detector knows things by their colour."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from qwen_vision.engines.embedded.facts import (
    Box,
    ObjectSeen,
    PictureFacts,
    SceneSeen,
    VideoFacts,
)
from qwen_vision.engines.embedded.perception.arrays import Raster
from qwen_vision.engines.embedded.perception.picture import picture_facts
from qwen_vision.engines.embedded.perception.watch import Senses, Watcher
from qwen_vision.engines.embedded.rooms.footage import summary
from qwen_vision.engines.embedded.rooms.moments import at_moment, in_range
from qwen_vision.engines.embedded.rooms.video_questions import Times
from qwen_vision.media.items import Size

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Film, Sketch


def facts(rgb: Raster, original: Size) -> PictureFacts:
    return picture_facts(rgb, width_px=original.width_px, height_px=original.height_px)


def red_is_a_ball(rgb: Raster, original: Size) -> tuple[ObjectSeen, ...]:
    """A ball wherever it is red, as large as the red."""
    rows, columns = np.nonzero((rgb[..., 0] > 180) & (rgb[..., 1] < 90))
    if not len(rows):
        return ()
    sides = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    return (ObjectSeen("sports ball", 0.9, Box(*(float(side) for side in sides))),)


def a_meadow(rgb: Raster, original: Size) -> SceneSeen | None:
    return SceneSeen("meadow", 0.9) if rgb.mean() > 100 else None


async def watched(sketch: "type[Sketch]", film: "type[Film]") -> "tuple[Film, VideoFacts]":
    """A red disc that rolls to the right from 1.0 s to 4.0 s."""
    frames = []
    for number in range(12):
        frame = sketch(320, 180, ground="#d8dcd8")
        if 2 <= number < 8:
            left = 5 + 38 * (number - 2)
            frame.draw.ellipse((left, 60, left + 50, 110), fill="#d81e1e")
        frames.append(frame.pixels)
    reel = film(frames)
    watcher = Watcher(
        Senses(facts, objects=red_is_a_ball, scene=a_meadow),
        reel.original,
        duration_s=reel.duration_s,
    )
    async for shown in reel.frames():
        watcher.take(shown, np.asarray(shown.pixels))
    return reel, watcher.facts()


async def test_what_moves_is_called_what_was_recognised_there(
    sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    _, seen = await watched(sketch, film)
    (shot,) = seen.shots
    assert shot.objects == ("sports ball",)
    assert [(mover.label, mover.start_s, mover.gone_s) for mover in shot.movers] == [
        ("sports ball", 1.0, 4.0)
    ]
    assert shot.scene is not None
    assert shot.scene.label == "meadow"


@pytest.mark.parametrize(
    "wanted",
    [
        "objects: sports ball (ball)",
        "looks like: meadow",
        "a sports ball comes at 1.0 s, moves right, from the left to the right",
        "Objects I recognise:\n- sports ball (ball): 1.0 s-3.5 s",
    ],
)
async def test_a_summary_names_objects_and_when_they_are_seen(
    *, sketch: "type[Sketch]", film: "type[Film]", wanted: str
) -> None:
    reel, seen = await watched(sketch, film)
    assert wanted in summary(reel, seen, "en", note=True)


async def test_a_moment_and_a_stretch_name_the_objects_there(
    sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    _, seen = await watched(sketch, film)
    moment = at_moment(seen, Times(2.0), "en")
    assert "- a sports ball at the " in moment
    assert "I can't see" not in moment
    assert "- objects: sports ball" in in_range(seen, Times(1.0, 3.0), "en")
    assert "- objects" not in in_range(seen, Times(4.5, 5.5), "en")


async def test_what_was_recognised_nowhere_is_said(
    sketch: "type[Sketch]", film: "type[Film]"
) -> None:
    reel = film([sketch(320, 180, ground="#205080").pixels] * 4)
    senses = Senses(facts, objects=red_is_a_ball, scene=a_meadow)
    watcher = Watcher(senses, reel.original, duration_s=reel.duration_s)
    async for shown in reel.frames():
        watcher.take(shown, np.asarray(shown.pixels))
    told = summary(reel, watcher.facts(), "en", note=True)
    assert "I recognise no objects in it." in told
    assert "looks like" not in told
