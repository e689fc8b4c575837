"""Boxes and points in answers: told in other units, and drawn on the picture."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from qwen_vision.cli.grounding import find_spots
from qwen_vision.protocol.places import Scale

Command = Callable[..., subprocess.CompletedProcess[str]]
PLACES = [
    {"bbox_2d": [100, 200, 500, 600], "label": "cup"},
    {"point_2d": [500, 500], "label": "middle"},
]
ANSWER = f"Here:\n```json\n{json.dumps(PLACES)}\n```"
RELATIVE = Scale("0-1000", original=(400, 200), seen=(320, 160))


@pytest.fixture
def pointing(folder: Path) -> tuple[str, str]:
    """Options of an engine that points at two places in a white picture of 400 x 200."""
    steps = [{"text": ANSWER}]
    toml = f"[[answer]]\nsteps = [{{ text = {json.dumps(steps[0]['text'])} }}]\n"
    (folder / "points.toml").write_text(toml, "utf-8")
    Image.new("RGB", (400, 200), "white").save(folder / "white.png")
    return "--engine", "scripted:points.toml"


def test_spots_are_found_wherever_they_stand_in_the_json() -> None:
    nested = json.dumps({"rows": [{"name": "a", "bbox_2d": [0, 0, 1000, 1000]}], "bbox": [1, "x"]})
    (spot,) = find_spots(nested, RELATIVE)
    assert (spot.label, spot.corners[2]) == ("a", (400.0, 200.0))
    assert find_spots("no places at all", RELATIVE) == []
    read = '```json\n[{"rotate_rect": [500, 500, 200, 100, 0], "text": "word"}]\n```'
    (line,) = find_spots(read, RELATIVE)
    assert (line.label, line.corners[0]) == ("word", (160, 90))


def test_annotate_draws_what_the_answer_points_at(
    command: Command, pointing: tuple[str, str], folder: Path
) -> None:
    words = ("white.png", "Where?", "--annotate", "out.png", "--model", "qwen3-vl-plus")
    done = command("analyze", *words, *pointing)
    assert done.returncode == 0, done.stderr
    assert "2 places marked" in done.stderr
    with Image.open(folder / "out.png") as drawn:
        assert drawn.size == (400, 200)
        assert drawn.getpixel((120, 120)) != (255, 255, 255)
        assert drawn.getpixel((120, 80)) == (255, 255, 255)


def test_coordinates_change_the_answer_and_nothing_else(
    command: Command, pointing: tuple[str, str]
) -> None:
    words = ("white.png", "Where?", "--coordinates", "pixel", "--model", "qwen3-vl-plus")
    done = command("analyze", *words, *pointing)
    assert done.returncode == 0, done.stderr
    assert '"bbox_2d": [40, 40, 200, 120]' in done.stdout
    assert '"point_2d": [200, 100]' in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("red.png", "white.png", "--annotate", "out.png"), 2, "one picture"),
        (("white.png", "--annotate", "out.gif"), 2, ".png"),
        (("white.png", "--coordinates", "inches"), 2, "inches"),
        (("white.png", "--annotate", "no/where/out.png"), 1, "--annotate"),
    ],
)
def test_what_cannot_be_annotated_is_said_in_one_line(
    command: Command, pointing: tuple[str, str], *, words: tuple[str, ...], code: int, hint: str
) -> None:
    done = command("analyze", *words, "-p", "Where?", *pointing)
    assert (done.returncode, hint in done.stderr.splitlines()[-1]) == (code, True), done.stderr
