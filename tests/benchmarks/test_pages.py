"""The figures in the documentation are those of the last run that was kept."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks import __main__ as runner
from benchmarks import pages, results
from benchmarks.results import Group, Results
from benchmarks.table import Row

ROOT = Path(__file__).parent.parent.parent
AGAIN = "run: python -m benchmarks.pages"


def test_the_page_of_benchmarks_shows_the_kept_figures() -> None:
    assert pages.PAGE.read_text("utf-8") == pages.page(results.load()), AGAIN


def test_the_readme_shows_the_kept_figures_with_their_date() -> None:
    found = results.load()
    text = pages.README.read_text("utf-8")
    assert pages.readme(found, text) == text, AGAIN
    assert found.date in text


def test_every_row_of_the_readme_is_one_that_is_measured() -> None:
    found = results.load()
    if not found.left_out:
        assert [name for name in pages.SHORT if found.row(name) is None] == []


def test_every_benchmark_has_a_title_of_its_own() -> None:
    titles = [runner.benchmark(name).TITLE for name in runner.names()]
    assert len(set(titles)) == len(titles) >= len(runner.ORDER)


def test_results_survive_being_kept() -> None:
    row = Row("a", 1.0, "ms", 2.0, 0.6, "peer: b")
    found = Results("2026-01-01", "m", "3.11", {"p": "1"}, [Group("G", [row])], ["c: run d"])
    assert msgspec.json.decode(msgspec.json.encode(found), type=Results) == found
    assert "| a | 1.000 ms | 2.000 ms | 0.50x | <= 0.6x | yes | peer: b |" in pages.page(found)
    assert "Not measured: c: run d." in pages.page(found)


def test_a_peer_that_is_not_there_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM", "")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", "proxy"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Not measured: LiteLLM is not here: run `make peers`." in done.stdout
    assert "qwen-vision" in done.stdout.splitlines()[1]
