"""Words for what was seen: things, looks, shapes and plants."""

import pytest

from qwen_vision.engines.embedded.facts import (
    Box,
    ColorShare,
    ObjectSeen,
    PictureFacts,
    Rounds,
    SceneSeen,
)
from qwen_vision.engines.embedded.language import Language
from qwen_vision.engines.embedded.rooms.looks import thing_words
from qwen_vision.engines.embedded.rooms.search import Spot, looks_named, things_named
from qwen_vision.engines.embedded.rooms.seen import (
    Looks,
    believed,
    brief_words,
    look_words,
    looks_of,
    object_words,
    plant_words,
    round_words,
)
from qwen_vision.media.items import Size

_CAT = SceneSeen("Egyptian cat", 0.9, ("cat", "animal"))
_DRAKE = SceneSeen("drake", 0.7, ("duck", "bird", "animal"))
_BIRD = SceneSeen("bird", 0.8, ("bird", "animal"))
_SHORE = SceneSeen("seashore", 0.75, ("coast", "open landscape"))


def _things(*labels: str) -> list[ObjectSeen]:
    return [ObjectSeen(label, 0.9, Box(0, 0, 5, 5)) for label in labels]


def test_objects_are_counted_by_their_names() -> None:
    seen = _things("cat", "cup", "cat")
    assert object_words(seen, "en") == "Objects I recognise: 2 × cat and cup or mug."
    assert object_words(seen, "zh") == "我认出的物体：2 × 猫和杯子。"
    assert object_words([], "en") == ""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_without_the_extra_the_way_to_it_and_to_a_model_is_told(language: Language) -> None:
    said = object_words(None, language)
    assert "pip install 'qwen-vision[objects]'" in said
    assert said.count("DASHSCOPE_API_KEY") == 1


def test_a_look_is_told_unless_the_objects_said_it_already() -> None:
    looks = Looks(_DRAKE, (_SHORE,))
    assert look_words(looks, [], "en") == (
        "As a whole it looks like: drake (duck, bird).\n\nParts of it look like: seashore (coast)."
    )
    assert look_words(looks, _things("drake"), "en") == "Parts of it look like: seashore (coast)."
    assert look_words(looks, _things("drake", "seashore"), "en") == ""
    assert look_words(Looks(_CAT, ()), [], "zh") == "整体看起来像：猫（Egyptian cat）。"
    assert look_words(Looks(None, (_SHORE,)), [], "zh") == "局部看起来像：海岸（seashore）。"


def test_three_parts_are_told_at_most() -> None:
    parts = tuple(SceneSeen(name, 0.9) for name in ("barn", "fence", "pier", "dam"))
    assert (
        look_words(Looks(None, parts), [], "en") == "Parts of it look like: barn, fence and pier."
    )


def test_a_part_that_is_another_name_for_the_whole_is_left_out() -> None:
    assert looks_of(_DRAKE, (_BIRD, _SHORE)) == Looks(_DRAKE, (_SHORE,))
    assert looks_of(_BIRD, (_DRAKE, _SHORE)) == Looks(_BIRD, (_SHORE,))
    assert looks_of(None, (_DRAKE, _SHORE)) == Looks(None, (_DRAKE, _SHORE))


def test_an_animal_the_classifier_can_not_know_is_not_called_another() -> None:
    assert believed(_DRAKE, _things("giraffe")) is None
    assert believed(_DRAKE, _things("bird")) == _DRAKE
    assert believed(_SHORE, _things("giraffe")) == _SHORE
    assert believed(None, _things("giraffe")) is None


def test_what_is_asked_for_is_found_in_the_whole_or_in_a_part() -> None:
    looks, size = Looks(_DRAKE, (_SHORE,)), Size(300, 200)
    spots = looks_named("birds", looks, size, language="en")
    assert [(spot.label, spot.box) for spot in spots] == [
        ("drake (duck, bird)", Box(0, 0, 300, 200))
    ]
    assert [spot.label for spot in looks_named("coast", looks, size, language="en")] == [
        "seashore (coast)"
    ]
    assert looks_named("cat", looks, size, language="en") == ()
    assert looks_named("cat", Looks(None, ()), size, language="en") == ()


def test_shapes_are_counted_without_a_guess_at_what_they_are() -> None:
    rounds = Rounds(tuple(Box(9.0 * n, 0, 9.0 * n + 8, 8) for n in range(5)), round_ones=4)
    said = round_words(rounds, "en")
    assert "5 separate shapes" in said
    assert "4 of them clearly round" in said
    assert "5 个独立的形状，其中 4 个" in round_words(rounds, "zh")


def _leafy(share: float) -> PictureFacts:
    return PictureFacts(
        width_px=300,
        height_px=200,
        colors=(),
        brightness=0.5,
        contrast=0.2,
        sharpness=90.0,
        is_blank=False,
        is_grey=False,
        leafy=share,
    )


def test_plants_are_told_where_they_fill_much_of_the_picture() -> None:
    assert plant_words(_leafy(0.29), "en") == ""
    assert plant_words(_leafy(0.62), "en").startswith("About 62% of it has the green")
    assert plant_words(_leafy(0.62), "zh").startswith("约 62%")


def test_the_colours_of_a_thing_are_told_with_its_place() -> None:
    car = Spot("car", Box(0, 0, 60, 50), 0.9)
    colors = (
        ColorShare("dark blue", "#2e518b", 0.46),
        ColorShare("light blue", "#5f7eb3", 0.23),
        ColorShare("grey", "#858d92", 0.11),
    )
    assert thing_words(car, colors, Size(300, 200), language="en") == (
        "“car” at the top left is mostly dark blue (#2e518b, 46%) and light blue (#5f7eb3, 23%), "
        "as far as I can tell it from the ground."
    )
    said = thing_words(car, colors[2:], Size(300, 200), language="zh")
    assert "以灰色（#858d92, 11%）为主" in said


def test_a_look_that_is_one_of_several_objects_is_not_told_of_the_whole() -> None:
    ball = Looks(SceneSeen("soccer ball", 0.98, ("ball",)), ())
    assert look_words(ball, _things("person", "sports ball"), "en") == ""
    assert look_words(ball, _things("sports ball"), "en") == (
        "As a whole it looks like: soccer ball."
    )
    assert look_words(ball, _things("person", "car"), "en") == (
        "As a whole it looks like: soccer ball."
    )


def test_what_is_seen_fits_into_one_sentence() -> None:
    assert brief_words(_things("cat", "cup", "cat"), Looks(_CAT, ()), "en") == (
        ", showing 2 × cat and cup or mug"
    )
    assert brief_words([], Looks(_DRAKE, ()), "en") == ", looking like drake (duck, bird)"
    assert brief_words([], Looks(_DRAKE, ()), "zh") == "，看起来像鸭子（drake）"
    assert brief_words([], Looks(None, ()), "en") == ""


@pytest.mark.parametrize(
    ("subject", "language", "labels"),
    [
        ("dogs", "en", ["dog"]),
        ("animals", "en", ["dog", "goat"]),
        ("objects", "en", ["dog", "goat", "cup"]),
        ("狗", "zh", ["狗"]),
        ("山羊", "zh", ["山羊"]),
        ("物体", "zh", ["狗", "山羊", "杯子"]),
        ("bird", "en", []),
    ],
)
def test_objects_are_found_by_the_words_that_mean_them(
    subject: str, language: Language, labels: list[str]
) -> None:
    kinds = {"dog": ("animal",), "goat": ("goat", "animal"), "cup": ()}
    seen = [ObjectSeen(label, 0.9, Box(0, 0, 9, 9), known) for label, known in kinds.items()]
    found = things_named(subject, seen, language=language)
    assert [spot.label for spot in found] == labels
