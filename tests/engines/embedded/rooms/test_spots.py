"""The words for what a search found, or why it found nothing."""

import pytest

from qwen_vision.engines.embedded.facts import Box
from qwen_vision.engines.embedded.intents import Intent, Task
from qwen_vision.engines.embedded.rooms.search import Search, Spot
from qwen_vision.engines.embedded.rooms.spots import (
    counted,
    not_found,
    seen_at_large,
    there,
    where,
)
from qwen_vision.media.items import Size

SIZE = Size(300, 300)
DUCK = Spot("drake (duck)", Box(0, 0, 300, 300), 0.8)
DOG = Spot("dog", Box(10, 10, 60, 60), 0.9)
OTHER_DOG = Spot("dog", Box(200, 200, 260, 260), 0.7)


def asked(subject: str, text: str = "", *, task: Task = Task.EXISTS) -> Intent:
    return Intent(task, text or f"Is there a {subject}?", subject)


def test_a_look_is_no_object_with_a_place_or_a_number() -> None:
    look = Search((DUCK,), "look")
    said = there(look, "duck", size=SIZE, language="en")
    assert said == "Yes: the picture, or a part of it, looks like: drake (duck)."
    assert "I can't point to the place" in seen_at_large(look, "en")
    assert "无法指出具体位置" in seen_at_large(look, "zh")
    assert counted(look, asked("ducks"), "en").endswith("I can't count them.")


def test_objects_are_there_with_the_first_place_and_the_number_of_others() -> None:
    dogs = Search((DOG, OTHER_DOG), "object")
    assert there(dogs, "dog", size=SIZE, language="en") == "Yes: “dog” at the top left, and 1 more."
    assert there(dogs, "狗", size=SIZE, language="zh").startswith("有：“dog”")
    assert counted(dogs, asked("dogs"), "en") == (
        "I count 2 (dogs). Small or hidden ones can escape me."
    )


def test_a_narrower_word_than_the_detector_knows_is_neither_claimed_nor_denied() -> None:
    dogs = Search((DOG,), "object")
    assert there(dogs, "puppy", size=SIZE, language="en").startswith(
        "I see “dog” at the top left, but can't tell whether that is “puppy”"
    )
    assert "I don't tell its kinds apart" in counted(dogs, asked("puppies"), "en")


def test_a_table_is_there_with_its_size() -> None:
    table = Search((Spot("a table of 3 rows and 2 columns", Box(0, 0, 90, 90), 1.0),), "table")
    said = there(table, "table", size=SIZE, language="en")
    assert said == "Yes: a table of 3 rows and 2 columns (at the top left)."


def test_a_place_is_told_in_words_and_pixels() -> None:
    assert where(OTHER_DOG, SIZE, "en") == (
        "“dog” is at the bottom right (pixels 200, 200 to 260, 260)."
    )


@pytest.mark.parametrize(
    ("search", "intent", "said"),
    [
        (Search((), "table"), asked("table"), "I find no table in this picture"),
        (Search((), "object"), asked("dog"), "I see no “dog” among the objects I recognise"),
        (Search((), "look", seen=False), asked("duck"), "I notice no “duck”, but I'd only notice"),
        (Search((), "text"), asked("dog"), "The text of this picture doesn't mention “dog”."),
        (
            Search((), "text"),
            asked("Sale", 'Is there "Sale"?'),
            "I find no “Sale” in this picture.",
        ),
        (Search((), "code"), asked("QR code"), "I find no “QR code” in this picture."),
        (
            Search((), "object", seen=False),
            asked("dragon"),
            "The text of this picture doesn't mention “dragon”, and I can't see such things",
        ),
        (
            Search((), "object", seen=False),
            asked("man", task=Task.LOCATE),
            "I don't identify people. The text of this picture",
        ),
    ],
)
def test_what_is_not_found_is_denied_only_where_it_could_be_seen(
    search: Search, intent: Intent, said: str
) -> None:
    assert not_found(search, intent, "en").startswith(said)


def test_no_object_is_no_count_of_zero() -> None:
    none = Search((), "object")
    assert counted(none, asked("dogs"), "en") == not_found(none, asked("dogs"), "en")
