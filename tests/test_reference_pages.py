"""The pages that docs/make_reference.py writes are those of the code."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ["command-line.md", "metrics.md", "models.md"])
def test_a_written_page_is_as_new_as_the_code(name: str) -> None:
    pages = runpy.run_path(str(ROOT / "docs" / "make_reference.py"))["pages"]()
    page = (ROOT / "docs" / "reference" / name).read_text("utf-8")
    assert page == pages[name], "run: python docs/make_reference.py"
