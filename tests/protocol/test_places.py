"""Boxes and points in an answer, turned from a model's units into a caller's."""

import json
import math
import random

import pytest

from qwen_vision.protocol.place_stream import Album, PlaceRewriter, convert_places
from qwen_vision.protocol.places import Scale, Unit, needs_sizes, space_of

RELATIVE = Scale("0-1000", original=(400, 200), seen=(320, 160))
RESIZED = Scale("resized", original=(400, 200), seen=(200, 100))
LARGE = Scale("0-1000", original=(4000, 2000), seen=(320, 160))


def told(text: str, *scales: Scale, unit: Unit = "pixel", asked: int = 0) -> str:
    return convert_places(text, Album(scales or (RELATIVE,), asked), unit)


@pytest.mark.parametrize(
    ("scale", "unit", "box"),
    [
        (RELATIVE, "pixel", "[40, 40, 200, 120]"),
        (RELATIVE, "0-1", "[0.1000, 0.2000, 0.5000, 0.6000]"),
        (RELATIVE, "0-1000", "[100, 200, 500, 600]"),
        (RESIZED, "pixel", "[200, 400, 1000, 1200]"),
        (RESIZED, "0-1000", "[500, 2000, 2500, 6000]"),
    ],
)
def test_places_are_told_in_the_unit_asked_for(scale: Scale, unit: Unit, box: str) -> None:
    answer = 'Here:\n```json\n[{"bbox_2d": [100, 200, 500, 600], "label": "cup"}]\n```'
    assert told(answer, scale, unit=unit) == answer.replace("[100, 200, 500, 600]", box)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"bbox":[100,200,500,600]}', '{"bbox":[40,40,200,120]}'),
        ('{"box" : [ 100.4 , 2e2, 500, 600 ]}', '{"box" : [ 40 , 40, 200, 120 ]}'),
        ('{"bbox_2d": [[0, 0, 10, 10], [500, 500, 1000, 1000]]}', None),
        ('{"point_2d": [500, 500]}', '{"point_2d": [200, 100]}'),
        ('{"points": [[0, 0], [500, 500]]}', '{"points": [[0, 0], [200, 100]]}'),
        ('<p data-bbox="100 200 500 600">[1, 2]</p>', '<p data-bbox="40 40 200 120">[1, 2]</p>'),
        (
            '<points x1="500" y1="500" x2="10" y2="10" alt="x3">x</points>',
            '<points x1="200" y1="100" x2="4" y2="2" alt="x3">x</points>',
        ),
        ("<!-- Table (100, 200, 500, 600) -->\n| a |", "<!-- Table (40, 40, 200, 120) -->\n| a |"),
        (
            '[{"rotate_rect": [500, 500, 200, 100, 0], "text": "word"}]',
            '[{"rotate_rect": [200, 100, 80, 20, 0], "text": "word"}]',
        ),
        ('{"rotate_rect": [500, 500, 200, 100, 90]}', '{"rotate_rect": [200, 100, 40, 40, 90]}'),
        # The dialect tells the corners of a line in pixels.
        ('{"location": [1, 2, 3, 2, 3, 4, 1, 4]}', '{"location": [1, 2, 3, 2, 3, 4, 1, 4]}'),
    ],
)
def test_every_shape_of_a_place_is_known(before: str, after: str | None) -> None:
    expected = after or '{"bbox_2d": [[0, 0, 4, 2], [200, 100, 400, 200]]}'
    assert told(before) == expected


@pytest.mark.parametrize(
    "text",
    [
        "No places at all.",
        '{"total": [100, 200], "points": [3, 4], "score": 12, "points_won": [[1, 2]]}',
        '{"bbox_3d": [1, 2, 3, 4, 5, 6, 0, 0, 0], "location": [52.5, 13.4], "box": 3}',
        '{"bbox_2d": [1, 2, 3], "point": ["a", "b"], "bbox": null, "box": "[1, 2]"}',
        '{"text": "say \\"bbox_2d\\": [1, 2, 3, 4]", "rotate_rect": [1, 2, 3]}',
        '<pointless x="1"> a < b <!-- note --> <!-- Table 3 --> data-bbox="none"',
        'An open end: {"bbox_2d": [100, 200',
        '<points x1="1',
        '<points x1="a" y1="b">x</points> <points a<b>',
        '`` ``` "',
    ],
)
def test_what_is_no_place_is_left_as_it_is(text: str) -> None:
    assert told(text) == text
    assert told(text, RELATIVE, LARGE) == text


def test_a_length_is_counted_along_its_own_direction_and_comes_back() -> None:
    scale = Scale("0-1000", original=(1000, 500), seen=(1000, 500))
    turned = json.loads(told('{"rotate_rect": [500, 500, 300, 80, 30]}', scale))["rotate_rect"]
    along = math.hypot(math.cos(math.radians(30)) / 1000, math.sin(math.radians(30)) / 500)
    assert turned == [500, 250, round(0.3 / along), turned[3], 30]
    back = Scale("pixel", original=(1000, 500), seen=(1000, 500))
    again = json.loads(told(json.dumps({"rotate_rect": turned}), back, unit="0-1000"))
    assert all(
        abs(a - b) <= 1 for a, b in zip(again["rotate_rect"], [500, 500, 300, 80, 30], strict=True)
    )


ANSWER = (
    'I see "two" things {really} <here>:\n```json\n'
    '[{"bbox_2d": [100, 200, 500, 600], "label": "a \\"box\\" {1}"},\n'
    ' {"point_2d": [500,500], "image": 2}]\n```\n<p data-bbox="0 0 1000 1000">x</p>'
    '<points x1="500" y1="500">y</points><!-- Image (0, 0, 500, 500) --> done'
)


@pytest.mark.parametrize("scales", [(RELATIVE,), (RELATIVE, LARGE)])
def test_a_stream_says_the_same_however_it_is_cut(scales: tuple[Scale, ...]) -> None:
    whole = told(ANSWER, *scales)
    assert "[40, 40, 200, 120]" in whole
    chance = random.Random(6)  # noqa: S311 - where to cut is no secret
    for most in (1, 2, 3, 7, 20):
        rewriter = PlaceRewriter(Album(scales), "pixel")
        rest, said = ANSWER, ""
        while rest:
            count = chance.randint(1, most)
            said += rewriter.feed(rest[:count])
            rest = rest[count:]
        assert said + rewriter.flush() == whole


SHARDS = (
    '"', '"bbox_2d"', '"box"', '"points"', ":", ": [", "[", "]", "[1, 2]", "100, 200", ",", " ",
    "\n", "{", "}", "<", "<points ", 'x1="5"', ' y1="700"', ">", "<!--", " Table (1, 2, 3, 4)",
    " -->", 'data-bbox="', "10 20", "```", "`", "json", '"image": 2', '"page": 1', "1e2", "text",
    '"rotate_rect": [', "9, 9, 9, 9, 9]", '"location": [',
)  # fmt: skip


@pytest.mark.parametrize("scales", [(RELATIVE,), (RELATIVE, LARGE)])
def test_any_text_comes_out_the_same_in_pieces_as_whole(scales: tuple[Scale, ...]) -> None:
    chance = random.Random(7)  # noqa: S311 - only words
    for _ in range(150):
        text = "".join(chance.choices(SHARDS, k=40))
        rewriter = PlaceRewriter(Album(scales), "pixel")
        said = ""
        rest = text
        while rest:
            count = chance.randint(1, 9)
            said += rewriter.feed(rest[:count])
            rest = rest[count:]
        assert said + rewriter.flush() == told(text, *scales), text
        # What is counted as asked for is not touched at all.
        assert told(text.replace("location", "place"), *scales, unit="0-1000") == text.replace(
            "location", "place"
        )


def test_text_outside_of_places_does_not_wait() -> None:
    rewriter = PlaceRewriter(Album((RELATIVE,)), "pixel")
    assert rewriter.feed("A cat sits") == "A cat sits"
    assert rewriter.feed(' here: {"bbox_2d": [1') == " here: {"
    assert rewriter.feed("00, 200, 500, 600], ") == '"bbox_2d": [40, 40, 200, 120], '
    assert rewriter.feed('"label": "cat"') == '"label": "cat'
    assert rewriter.feed("}") == '"}'


def test_what_only_seems_to_be_a_place_is_not_held_for_ever() -> None:
    rewriter = PlaceRewriter(Album((RELATIVE,)), "pixel")
    endless = '"bbox_2d": [' + "1, " * 5000
    assert rewriter.feed(endless) == endless
    several = PlaceRewriter(Album((RELATIVE, LARGE)), "pixel")
    assert len(several.feed("{" + "x" * 70_000)) > 60_000


@pytest.mark.parametrize(
    ("named", "box"),
    [
        ('"image_index": 1', "[400, 400]"),
        ('"image": 2', "[400, 400]"),
        ('"image": "2"', "[400, 400]"),
        ('"image": "Picture 2"', "[400, 400]"),
        ('"image": "Image 2"', "[400, 400]"),
        ('"image": 1', "[40, 40]"),
        ('"image": 9', "[40, 40]"),
        ('"image": "cat2.jpg"', "[40, 40]"),
        ('"label": "x"', "[40, 40]"),
    ],
)
def test_an_object_says_which_picture_it_is_about(named: str, box: str) -> None:
    found = told('[{"point_2d": [100, 200], ' + named + "}]", RELATIVE, LARGE)
    assert f'"point_2d": {box}' in found


def test_pages_of_a_document_are_told_by_their_number() -> None:
    pages = (
        Scale("0-1000", original=(100, 100), seen=(100, 100), page=3),
        Scale("0-1000", original=(1000, 1000), seen=(100, 100), page=7),
    )
    assert told('{"page": 7, "point": [500, 500]}', *pages) == '{"page": 7, "point": [500, 500]}'
    assert told('{"page": 3, "point": [500, 500]}', *pages) == '{"page": 3, "point": [50, 50]}'


def test_a_page_that_was_not_sent_is_no_page() -> None:
    pages = (
        Scale("0-1000", (100, 100), (9, 9), page=3),
        Scale("0-1000", (200, 200), (9, 9), page=4),
    )
    assert told('{"page": 9, "point": [500, 500]}', *pages) == '{"page": 9, "point": [50, 50]}'
    early = told('{"page": 3, "point": [500, 500]}', *pages, asked=1)
    assert early == '{"page": 3, "point": [50, 50]}'


def test_without_a_name_the_nth_block_belongs_to_the_nth_picture_of_the_question() -> None:
    block = '```json\n[{"point_2d": [100, 200]}]\n```\n'
    found = told(block * 3, LARGE, RELATIVE, LARGE, asked=1)
    assert [line for line in found.split("\n") if "point" in line] == [
        '[{"point_2d": [40, 40]}]',
        '[{"point_2d": [400, 400]}]',
        '[{"point_2d": [400, 400]}]',
    ]
    pages = '```html\n<p data-bbox="100 200 100 200">{x}</p>\n```\n' * 2
    assert 'data-bbox="400 400 400 400"' in told(pages, RELATIVE, LARGE)


def test_sizes_are_needed_for_pixels_only() -> None:
    assert not needs_sizes("0-1000", "0-1")
    assert not needs_sizes("0-1000", "0-1000")
    assert needs_sizes("0-1000", "pixel")
    assert needs_sizes("resized", "0-1")
    assert (space_of("relative"), space_of("resized")) == ("0-1000", "resized")
