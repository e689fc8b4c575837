"""Names for things and scenes, in a world where each colour is a thing of its own.

The detector finds the rectangle of a colour and the classifier tells which colours fill a view:
what is made of their figures is what the models of the extra would have it made of.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pytest

from qwen_vision.engines.embedded.facts import Box, SceneSeen
from qwen_vision.engines.embedded.perception.arrays import Raster, Scores
from qwen_vision.engines.embedded.perception.namer import Namer
from qwen_vision.media.items import Size

_PERSON, _CAR, _CAT, _DOG, _BENCH, _CUP = 1, 3, 17, 18, 15, 47
_HOG, _TABBY, _PICKUP, _ESPRESSO, _DRAKE, _LOUPE = 341, 281, 717, 967, 97, 633

Color: TypeAlias = tuple[int, int, int]
_RED: Color = (220, 20, 20)
_BLUE: Color = (20, 40, 220)
_GREEN: Color = (20, 160, 40)
_GROUND: Color = (200, 200, 200)


@dataclass
class World:
    """What the detector (number, chance) and the classifier (class, chance) say of a colour."""

    things: dict[Color, tuple[int, float]] = field(default_factory=dict)
    classes: dict[Color, tuple[int, float]] = field(default_factory=dict)
    labels: list[str] = field(default_factory=lambda: [f"class {n}" for n in range(1000)])
    views: int = 0

    def rows(self, rgb: Raster) -> Scores:
        high, wide = rgb.shape[:2]
        found = []
        for color, (number, chance) in self.things.items():
            down, across = np.nonzero((rgb == color).all(axis=2))
            if len(down):
                left, top = across.min() / wide, down.min() / high
                right, bottom = (across.max() + 1) / wide, (down.max() + 1) / high
                found.append([0, number, chance, left, top, right, bottom])
        return np.array(found, np.float32).reshape(-1, 7)

    def chances(self, rgb: Raster) -> Scores:
        self.views += 1
        chances = np.zeros(1000, np.float32)
        for color, (number, chance) in self.classes.items():
            # Little of a colour in a view tells little.
            share = float((rgb == color).all(axis=2).mean())
            chances[number] = max(chances[number], chance * min(1.0, 4 * share))
        return chances


def _sheet(*patches: tuple[Color, tuple[int, int, int, int]], side_px: int = 200) -> Raster:
    rgb = np.full((side_px, side_px, 3), _GROUND, np.uint8)
    for color, (left, top, right, bottom) in patches:
        rgb[top:bottom, left:right] = color
    return rgb


_SIZE = Size(200, 200)


def _named(world: World, rgb: Raster) -> list[str]:
    return [seen.label for seen in Namer(world, world).objects(rgb, _SIZE)]


def test_a_thing_has_its_name_its_kinds_and_its_place_in_the_original() -> None:
    world = World({_RED: (_CAT, 0.9)}, {_RED: (_TABBY, 0.9)})
    found = Namer(world, world).objects(_sheet((_RED, (20, 40, 100, 120))), Size(400, 800))
    assert [(seen.label, seen.kinds, seen.box) for seen in found] == [
        ("cat", ("animal",), Box(40, 160, 200, 480))
    ]
    assert found[0].confidence == pytest.approx(0.9)


def test_what_the_classifier_knows_better_goes_by_its_name() -> None:
    world = World({_RED: (_DOG, 0.9)}, {_RED: (_HOG, 0.9)})
    assert _named(world, _sheet((_RED, (20, 40, 100, 120)))) == ["pig"]


def test_two_boxes_of_one_thing_are_told_once_by_the_surer_name() -> None:
    world = World(
        {_RED: (_CAT, 0.95), _BLUE: (_CUP, 0.6)}, {_RED: (_TABBY, 0.9), _BLUE: (_ESPRESSO, 0.9)}
    )
    both = _sheet(
        (_RED, (20, 20, 120, 120)), (_BLUE, (20, 20, 24, 24)), (_BLUE, (110, 110, 116, 116))
    )
    assert _named(world, both) == ["cat"]


def test_a_thing_too_small_to_classify_is_told_where_the_detector_is_sure() -> None:
    small = _sheet((_RED, (50, 50, 60, 60)))
    assert _named(World({_RED: (_CAT, 0.65)}), small) == ["cat"]
    unsure = World({_RED: (_CAT, 0.55)})
    assert _named(unsure, small) == []
    assert unsure.views == 0


def test_people_are_not_shown_to_the_classifier_which_knows_none() -> None:
    world = World({_RED: (_PERSON, 0.9)}, {_RED: (_HOG, 0.99)})
    assert _named(world, _sheet((_RED, (20, 20, 160, 160)))) == ["person"]
    assert world.views == 0


def test_what_lies_around_another_thing_is_not_named_for_that_other_thing() -> None:
    world = World({_RED: (_CAT, 0.95), _BLUE: (_BENCH, 0.7)}, {_RED: (_TABBY, 0.9)})
    nested = _sheet((_BLUE, (10, 10, 190, 190)), (_RED, (60, 60, 120, 120)))
    assert _named(world, nested) == ["cat", "bench"]


def test_many_things_are_not_all_classified_and_only_known_ones_are_told_beyond() -> None:
    colors: list[Color] = [(10 + 12 * n, 90, 30) for n in range(10)]
    sheet = _sheet(
        *(
            (color, (40 * (n % 5), 80 * (n // 5), 40 * (n % 5) + 30, 80 * (n // 5) + 60))
            for n, color in enumerate(colors)
        )
    )
    things = {color: (_CAR, 0.95 - n / 100) for n, color in enumerate(colors)}
    classes = dict.fromkeys(colors, (_PICKUP, 0.9))
    cars = World(things, classes)
    assert _named(cars, sheet) == ["car"] * 10
    assert cars.views == 8
    other = World(things | {colors[-1]: (_CUP, 0.7)}, classes)
    assert _named(other, sheet) == ["car"] * 9


def test_a_glance_is_one_look_that_must_be_surer_and_classifies_less() -> None:
    world = World(
        {_RED: (_CAT, 0.7), _BLUE: (_CUP, 0.55)}, {_RED: (_TABBY, 0.9), _BLUE: (_ESPRESSO, 0.9)}
    )
    sheet = _sheet((_RED, (10, 10, 80, 80)), (_BLUE, (100, 100, 180, 180)))
    assert [seen.label for seen in Namer(world, world).glance(sheet, _SIZE)] == ["cat"]
    assert _named(world, sheet) == ["cat", "cup"]


def test_without_a_classifier_things_go_by_the_detector_alone() -> None:
    world = World({_RED: (_CAT, 0.65), _BLUE: (_CUP, 0.55)})
    sheet = _sheet((_RED, (10, 10, 80, 80)), (_BLUE, (100, 100, 180, 180)))
    namer = Namer(world, None)
    assert [seen.label for seen in namer.objects(sheet, _SIZE)] == ["cat"]
    assert namer.scene(sheet, _SIZE) is None
    assert namer.parts(sheet, _SIZE) == ()


def test_a_scene_is_named_by_its_class_where_that_is_likely_and_by_its_kind_otherwise() -> None:
    sheet = _sheet((_RED, (0, 0, 100, 200)), (_BLUE, (100, 0, 200, 200)))
    drake = World(classes={_RED: (_DRAKE, 0.6)})
    assert Namer(drake, drake).scene(sheet, _SIZE) == SceneSeen(
        "class 97", 0.6, ("duck", "bird", "animal")
    )
    birds = World(classes={_RED: (_DRAKE, 0.3), _BLUE: (80, 0.3)})
    assert Namer(birds, birds).scene(sheet, _SIZE) == SceneSeen("bird", 0.6, ("bird", "animal"))
    unlike = World(classes={_RED: (_DRAKE, 0.2), _BLUE: (_ESPRESSO, 0.2)})
    assert Namer(unlike, unlike).scene(sheet, _SIZE) is None


def test_a_class_without_an_everyday_word_must_be_surer() -> None:
    sheet = _sheet((_RED, (0, 0, 200, 200)))
    sure, unsure = (World(classes={_RED: (_LOUPE, chance)}) for chance in (0.75, 0.65))
    assert Namer(sure, sure).scene(sheet, _SIZE) == SceneSeen("class 633", 0.75)
    assert Namer(unsure, unsure).scene(sheet, _SIZE) is None


def test_a_part_is_named_where_several_overlapping_views_agree() -> None:
    world = World(classes={_RED: (_ESPRESSO, 0.9), _BLUE: (_LOUPE, 0.9), _GREEN: (_TABBY, 0.9)})
    quarter = _sheet((_RED, (0, 0, 100, 100)))
    namer = Namer(world, world)
    assert [(part.label, part.kinds) for part in namer.parts(quarter, _SIZE)] == [
        ("class 967", ("coffee", "drink"))
    ]
    # In the corner only one view holds enough of it.
    assert namer.parts(_sheet((_RED, (0, 0, 48, 48))), _SIZE) == ()


def test_a_part_without_an_everyday_word_needs_more_views() -> None:
    world = World(classes={_RED: (_ESPRESSO, 0.9), _BLUE: (_LOUPE, 0.9)})
    namer = Namer(world, world)
    # A strip along the edge fills five views enough.
    strip = (0, 0, 40, 200)
    assert [part.label for part in namer.parts(_sheet((_RED, strip)), _SIZE)] == ["class 967"]
    assert namer.parts(_sheet((_BLUE, strip)), _SIZE) == ()
    whole = _sheet((_BLUE, (0, 0, 200, 200)))
    assert [part.label for part in namer.parts(whole, _SIZE)] == ["class 633"]


def test_parts_of_several_breeds_are_told_by_the_word_for_all_but_animals_are_not() -> None:
    halves = _sheet((_RED, (0, 0, 100, 200)), (_BLUE, (100, 0, 200, 200)))
    # Two kinds of building, neither sure where both are seen, and two cats alike.
    towers = World(classes={_RED: (437, 0.5), _BLUE: (900, 0.5)})
    told = Namer(towers, towers).parts(halves, _SIZE)
    assert [part.label for part in told] == ["tower"]
    cats = World(classes={_RED: (281, 0.5), _BLUE: (282, 0.5)})
    assert Namer(cats, cats).parts(halves, _SIZE) == ()
