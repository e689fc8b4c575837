"""The page that proves the guide: up to date, complete, and every test it names exists."""

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
MAKE = ROOT / "docs" / "make_guide.py"


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return runpy.run_path(str(MAKE))


def test_the_page_is_what_the_data_says(made: dict[str, Any]) -> None:
    page = ROOT / "docs" / "reference" / "guide.md"
    assert page.read_text("utf-8") == made["page"](), "run: python docs/make_guide.py"


def test_no_promise_is_without_a_test_or_a_state(made: dict[str, Any]) -> None:
    rows = made["read_rows"]()
    assert [row.item for row in rows if not row.tests or not all(row.states.values())] == []
    assert len({row.item for row in rows}) == len(rows)


# Listing them imports a large part of all tests.
@pytest.mark.timeout(120)
def test_every_test_the_page_names_can_be_run(made: dict[str, Any]) -> None:
    named = sorted({test for row in made["read_rows"]() for test in row.tests})
    found = subprocess.run(  # noqa: S603 - pytest, asked to list tests
        [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider", *named],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert found.returncode == 0, found.stderr
