"""Everyday words for what the models of objects and scenes name."""

import pytest

from qwen_vision.engines.embedded.facts import Box, ObjectSeen, SceneSeen
from qwen_vision.engines.embedded.perception.kinds import counterparts, kinds
from qwen_vision.engines.embedded.rooms.things import (
    detector_labels,
    is_kind,
    is_meant,
    is_narrower,
    object_name,
    scene_words,
)


@pytest.mark.parametrize(
    ("label", "kinds", "said"),
    [
        ("alp", ("mountain", "open landscape"), "alp (mountain)"),
        ("Egyptian cat", ("cat", "animal"), "Egyptian cat"),
        ("bookcase", (), "bookcase"),
        ("drake", ("duck", "bird", "animal"), "drake (duck, bird)"),
        ("gong", ("musical instrument",), "gong (musical instrument)"),
        ("building", ("building",), "building"),
    ],
)
def test_a_look_is_named_with_everyday_words_where_its_name_does_not_say_them(
    label: str, kinds: tuple[str, ...], said: str
) -> None:
    assert scene_words(SceneSeen(label, 0.9, kinds), "en") == said


def test_an_object_is_named_with_a_word_that_always_holds_for_it() -> None:
    assert [object_name(label, "en") for label in ("cup", "couch", "person")] == [
        "cup or mug",
        "couch (sofa)",
        "person",
    ]


@pytest.mark.parametrize(
    ("label", "kinds", "said"),
    [
        ("drake", ("duck", "bird", "animal"), "鸭子（drake）"),
        ("gong", ("musical instrument",), "乐器（gong）"),
        ("bird", ("bird", "animal"), "鸟"),
        ("bookcase", (), "bookcase"),
    ],
)
def test_a_look_has_a_chinese_name_or_that_of_its_kind(
    label: str, kinds: tuple[str, ...], said: str
) -> None:
    assert scene_words(SceneSeen(label, 0.9, kinds), "zh") == said


def test_every_kind_and_every_object_has_a_chinese_name() -> None:
    words = [*counterparts(), *(kind.word for kind in kinds()), "person", "kite"]
    assert [word for word in words if object_name(word, "zh") == word] == []


def test_everyday_words_mean_classes_of_the_detector() -> None:
    assert detector_labels("Bikes") == {"bicycle"}
    assert detector_labels("窗户") == frozenset()
    assert {"bus", "boat", "train"} < detector_labels("vehicles")
    assert {"bird", "giraffe"} < detector_labels("动物")


def test_a_man_is_narrower_than_what_the_detector_tells_and_a_person_is_not() -> None:
    assert detector_labels("women") == {"person"}
    assert [is_narrower(words) for words in ("women", "eagle", "people", "bird", "sofa")] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("words", "fits"),
    [("squirrels", True), ("fox squirrel", True), ("rodent", True), ("fox", False), ("dog", False)],
)
def test_a_thing_is_meant_by_its_name_and_by_the_wider_words_for_it(words: str, fits: bool) -> None:
    kinds = ("squirrel", "rodent", "animal")
    assert is_meant(words, ObjectSeen("fox squirrel", 0.9, Box(0, 0, 9, 9), kinds)) is fits


def test_a_thing_is_meant_by_the_chinese_names_of_what_it_could_be() -> None:
    deer = SceneSeen("gazelle", 0.9, ("deer or antelope", "animal"))
    assert [is_meant(words, deer) for words in ("鹿", "羚羊", "动物", "羊", "")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert is_kind("鹿")


@pytest.mark.parametrize(
    ("words", "known"),
    [("deer", True), ("antelopes", True), ("leaves", False), ("bridge", True), ("spoon", True)],
)
def test_the_classifier_has_words_for_some_things_only(words: str, known: bool) -> None:
    assert is_kind(words) is known
