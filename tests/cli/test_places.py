"""Boxes and points in answers: told in other units, and drawn on the picture."""

import json
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image
from typing_extensions import override

from qwen_vision.cli.grounding import find_spots
from qwen_vision.cli.places import find_places
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
    (spot,) = find_spots(nested, [RELATIVE])
    assert (spot.label, spot.corners[2], spot.picture) == ("a", (400.0, 200.0), 0)
    assert find_spots("no places at all", [RELATIVE]) == []


def test_rotated_lines_are_found_beside_boxes_and_inside_of_other_values() -> None:
    line = {"rotate_rect": [500, 500, 200, 100, 0], "text": "word"}
    read = f"```json\n{json.dumps([line, {'bbox_2d': [0, 0, 500, 500], 'label': 'b'}])}\n```"
    word, box = find_spots(read, [RELATIVE])
    assert (word.label, word.corners[0], word.corners[2]) == ("word", (160, 90), (240, 110))
    assert (box.label, box.corners[2]) == ("b", (200.0, 100.0))
    (word,) = find_spots(json.dumps({"page": {"lines": [line]}}), [RELATIVE])
    assert word.label == "word"


@pytest.mark.parametrize(
    "answer",
    [
        '[{"image": 1, "bbox_2d": [1, 1, 2, 2]}, {"image": 2, "bbox_2d": [3, 3, 4, 4]}]',
        '[{"image": 0, "bbox_2d": [1, 1, 2, 2]}, {"image": 1, "bbox_2d": [3, 3, 4, 4]}]',
        '[{"bbox": [1, 1, 2, 2], "file": "a/one.png"}, {"bbox": [3, 3, 4, 4], "file": "two.png"}]',
        '[{"image_index": 0, "box": [1, 1, 2, 2]}, {"image_index": 1, "point": [3, 3]}]',
        '{"image_1": [{"bbox_2d": [1, 1, 2, 2]}], "Picture 2": {"bbox_2d": [3, 3, 4, 4]}}',
        '{"one.png": {"point": [1, 1]}, "TWO.png": {"point_2d": [3, 3]}}',
        '[[{"bbox_2d": [1, 1, 2, 2]}], [{"bbox_2d": [3, 3, 4, 4]}]]',
        '```json\n[{"bbox_2d": [1, 1, 2, 2]}]\n```\nand\n```json\n[{"bbox_2d": [3, 3, 4, 4]}]\n```',
        'In one.png:\n```json\n[{"bbox_2d": [1, 1, 2, 2]}]\n```\nImage 2 has\n'
        '```json\n[{"bbox_2d": [3, 3, 4, 4]}]\n```\nand so\n```json\n[]\n```',
    ],
)
def test_an_answer_may_name_the_picture_of_a_place_in_many_ways(answer: str) -> None:
    places = find_places(answer, pages=[None, None], names=["pictures/one.png", "two.png"])
    assert [(place.numbers[0], place.picture) for place in places] == [(1.0, 0), (3.0, 1)]


def test_a_place_may_name_the_page_of_a_document() -> None:
    answer = '[{"page": 3, "bbox_2d": [1, 1, 2, 2]}, {"page": 1, "bbox_2d": [3, 3, 4, 4]}]'
    places = find_places(answer, pages=[1, 3], names=["scan.pdf", "scan.pdf"])
    assert [place.picture for place in places] == [1, 0]


@pytest.mark.parametrize(
    "answer",
    [
        '[{"bbox_2d": [1, 1, 2, 2]}]',
        '[{"bbox_2d": [1, 1, 2, 2], "image": 7}]',
        '[{"bbox_2d": [1, 1, 2, 2], "image": "the other one"}]',
        '[{"bbox_2d": [1, 1, 2, 2], "file": "same.png"}]',
    ],
)
def test_a_place_that_names_no_picture_belongs_to_none_of_several(answer: str) -> None:
    (place,) = find_places(answer, pages=[None, None], names=["a/same.png", "b/same.png"])
    assert place.picture is None


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
        (("white.png", "--frames", "--annotate", "out.png"), 2, "video"),
        (("white.png", "--annotate", "out.gif"), 2, ".png"),
        (("white.png", "--annotate", "white.png"), 2, "write over"),
        (("white.png", "--coordinates", "inches"), 2, "inches"),
        (("white.png", "--annotate", "no/where/out.png"), 1, "--annotate"),
    ],
)
def test_what_cannot_be_annotated_is_said_in_one_line(
    command: Command, pointing: tuple[str, str], *, words: tuple[str, ...], code: int, hint: str
) -> None:
    done = command("analyze", *words, "-p", "Where?", *pointing)
    assert (done.returncode, hint in done.stderr.splitlines()[-1]) == (code, True), done.stderr


def test_annotate_of_several_pictures_writes_one_file_for_each(
    command: Command, folder: Path
) -> None:
    places = [
        {"image": 2, "bbox_2d": [100, 200, 500, 600], "label": "cup"},
        {"image": 1, "rotate_rect": [500, 500, 200, 100, 30], "text": "word"},
        {"bbox_2d": [0, 0, 9, 9]},
    ]
    toml = f"[[answer]]\nsteps = [{{ text = {json.dumps(json.dumps(places))} }}]\n"
    (folder / "points.toml").write_text(toml, "utf-8")
    for name, size in (("white.png", (400, 200)), ("wide.png", (600, 100))):
        Image.new("RGB", size, "white").save(folder / name)
    words = ("white.png", "wide.png", "-p", "Where?", "--engine", "scripted:points.toml")
    done = command("analyze", *words, "--model", "qwen3-vl-plus", "--annotate", "out.png")
    assert done.returncode == 0, done.stderr
    assert "wrote out-1.png: 1 place marked" in done.stderr
    assert "wrote out-2.png: 1 place marked" in done.stderr
    assert "1 place not drawn" in done.stderr
    with Image.open(folder / "out-2.png") as drawn:
        assert drawn.size == (600, 100)
        assert drawn.getpixel((180, 60)) != (255, 255, 255)
    with Image.open(folder / "out-1.png") as drawn:
        assert drawn.getpixel((200, 100)) == (255, 255, 255)
        assert drawn.getcolors(1_000_000) != [(400 * 200, (255, 255, 255))]

    done = command("analyze", *words, "--model", "qwen3-vl-plus", "--annotate", "marked/")
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in (folder / "marked").iterdir()) == [
        "white-marked.png",
        "wide-marked.png",
    ]


class Recorder(BaseHTTPRequestHandler):
    """Keeps what it is asked, and answers nothing of use."""

    asked: ClassVar[list[str]] = []

    @override
    def log_message(self, format: str, *args: object) -> None:
        return

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append("".join(m["content"] for m in body["messages"] if m["role"] == "system"))
        self.send_error(400)


def test_question_about_several_pictures_asks_which_one_a_place_is_in(
    command: Command, folder: Path
) -> None:
    words = ("-p", "Where?", "--system", "Be brief.", "--coordinates", "pixel")
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        threading.Thread(target=server.serve_forever).start()
        env = {"QWEN_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1"}
        command("analyze", "red.png", *words, env=env)
        command("analyze", "red.png", "red.png", *words, env=env)
        server.shutdown()
    assert Recorder.asked[0] == "Be brief."
    assert Recorder.asked[1].startswith("Be brief. ")
    assert '"image": 1' in Recorder.asked[1]


def test_answer_is_shown_though_nothing_can_be_drawn(
    command: Command, pointing: tuple[str, str], folder: Path
) -> None:
    (folder / "full").mkdir()
    (folder / "full" / "white-marked.png").mkdir()
    done = command("analyze", "white.png", "Where?", "--annotate", "full", *pointing)
    assert done.returncode == 1
    assert '"label": "cup"' in done.stdout
    assert "Cannot write 'full/white-marked.png'" in done.stderr
