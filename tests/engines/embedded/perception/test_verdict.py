"""What a thing is called where the detector and the classifier both looked at it."""

import numpy as np
import pytest

from qwen_vision.engines.embedded.perception.arrays import Scores
from qwen_vision.engines.embedded.perception.kinds import counterparts, kinds, kinds_of, narrowest
from qwen_vision.engines.embedded.perception.verdict import Name, name_alone, name_checked

# The numbers of some classes.
_OF = {
    "hog": 341,
    "husky": 250,
    "malamute": 249,
    "lemon": 951,
    "dough": 961,
    "cornet": 513,
    "badger": 362,
    "beetle": 303,
    "racer": 751,
    "robin": 15,
}


def _chances(**of: float) -> Scores:
    chances = np.zeros(1000, np.float32)
    for name, chance in of.items():
        chances[_OF[name]] = chance
    return chances


def _name(label: str, confidence: float, chances: Scores) -> Name | None:
    names = [f"class {number}" for number in range(1000)]
    for known, number in _OF.items():
        names[number] = known
    return name_checked(label, confidence, chances=chances, names=names)


def test_a_dog_that_the_classifier_takes_for_a_pig_is_a_pig() -> None:
    assert _name("dog", 0.99, _chances(hog=0.9)) == Name("pig", ("pig", "animal"))


def test_a_bicycle_behind_a_dog_stays_a_bicycle_where_the_detector_is_very_sure() -> None:
    assert _name("bicycle", 0.98, _chances(husky=0.8)) == Name("bicycle", ("vehicle",))
    assert _name("kite", 0.7, _chances(husky=0.8)) == Name("dog", ("dog", "animal"))


def test_breeds_that_are_all_dogs_confirm_a_dog() -> None:
    chances = _chances(husky=0.3, malamute=0.3)
    assert _name("dog", 0.5, chances) == Name("dog", ("animal",))
    kind = narrowest(chances, sure=0.5)
    assert kind is not None
    assert kind.word == "dog"


def test_a_lemon_among_oranges_is_called_a_lemon() -> None:
    assert _name("orange", 0.6, _chances(lemon=0.9)) == Name("lemon", kinds_of(_OF["lemon"]))


def test_a_cup_that_nothing_confirms_is_not_told_unless_the_detector_is_very_sure() -> None:
    assert _name("cup", 0.75, _chances(dough=0.2)) is None
    assert _name("cup", 0.95, _chances(dough=0.2)) == Name("cup", ())


@pytest.mark.parametrize("label", ["bird", "bear", "orange"])
def test_animals_and_food_that_the_classifier_does_not_see_are_not_told(label: str) -> None:
    assert _name(label, 0.99, _chances(dough=0.1)) is None


def test_little_support_for_an_animal_is_none() -> None:
    assert _name("bird", 0.95, _chances(robin=0.3)) is None
    assert _name("bird", 0.95, _chances(robin=0.5)) == Name("bird", ("animal",))


def test_an_unsure_thing_that_the_classifier_half_sees_needs_it_to_be_sure() -> None:
    assert _name("bird", 0.35, _chances(robin=0.5)) is None
    assert _name("bird", 0.35, _chances(robin=0.8)) == Name("bird", ("animal",))


def test_an_airplane_that_is_surely_a_trumpet_is_not_told() -> None:
    assert _name("airplane", 0.95, _chances(cornet=0.9)) is None
    assert _name("airplane", 0.95, _chances(cornet=0.4)) == Name("airplane", ("vehicle",))


def test_an_airplane_that_is_surely_a_racing_car_is_one() -> None:
    assert _name("airplane", 0.95, _chances(racer=0.8)) == Name("racer", ("car", "vehicle"))


def test_a_bear_that_is_surely_a_badger_is_one() -> None:
    assert _name("bear", 0.95, _chances(badger=0.9)) == Name("badger", ("badger", "animal"))


def test_a_thing_that_has_no_class_is_told_where_nothing_speaks_against_it() -> None:
    assert _name("kite", 0.85, _chances(dough=0.2)) is None
    assert _name("kite", 0.95, _chances(dough=0.2)) == Name("kite", ())
    assert _name("kite", 0.97, _chances(beetle=0.2)) is None
    assert _name("kite", 0.97, _chances(dough=0.7)) is None


def test_a_thing_that_the_classifier_can_not_know_is_told_when_the_detector_is_sure() -> None:
    assert name_alone("person", 0.62) == Name("person", ())
    assert name_alone("person", 0.5) is None


def test_what_takes_a_whole_kind_is_told_before_what_is_wider() -> None:
    wide = narrowest(_chances(hog=0.4, husky=0.4), sure=0.5, wide_sure=0.7)
    assert wide is not None
    assert wide.word == "animal"
    assert narrowest(_chances(hog=0.4, husky=0.4), sure=0.5) is None


def test_every_kind_covers_classes_of_the_list_and_every_counterpart_exists() -> None:
    assert all(0 <= number < 1000 for kind in kinds() for number in kind.classes)
    assert all(kind.classes for kind in kinds())
    assert all(counterparts().values())


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (97, {"duck", "bird", "animal"}),
        (555, {"truck", "vehicle"}),
        (985, {"flower"}),
        (398, set()),
    ],
)
def test_a_class_goes_by_every_word_that_holds_for_it(number: int, words: set[str]) -> None:
    assert set(kinds_of(number)) == words
