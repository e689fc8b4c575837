"""Writes docs/reference/guide.md from guide.toml: python docs/make_guide.py."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "reference"
PAGE = FOLDER / "guide.md"
ENGINES = ("embedded", "llamacpp", "upstream")
# The first part of a test's path -> the engines it runs through.
RUNS_THROUGH = {
    "tests/e2e/test_guide.py": ("embedded", "upstream"),
    "tests/e2e/test_guide_facts.py": ("embedded", "upstream"),
    "tests/e2e/test_guide_weights.py": ("llamacpp",),
    "tests/engines/embedded/": ("embedded",),
    "tests/engines/llamacpp/": ("llamacpp",),
    "tests/engines/upstream/": ("upstream",),
}
HEAD = """\
<!-- Written by docs/make_guide.py from guide.toml: change that, then run it. -->
# The public guide, proved

Every use case, piece of code, parameter, way to send a file, note and answer of the public API
guide of the Qwen vision models, named in our words, with the tests that prove it here. `make
test` runs them all; the guide's code runs as it stands there, with another address and key.

| state | meaning |
|---|---|
| shown | asked through this engine, the answer compared with what the picture says |
| shape | asked through tiny weights made of noise: of the answer only its shape counts |
| same | decided before or after the engine: one test for every engine |
| words | shown, within these bounds |
"""


@dataclass(frozen=True)
class Row:
    """One promise of the guide."""

    part: str
    item: str
    tests: tuple[str, ...]
    states: dict[str, str]


def read_rows() -> list[Row]:
    """The rows of guide.toml, test names written out."""
    data = tomllib.loads((FOLDER / "guide.toml").read_text("utf-8"))
    return [_row(row, data["files"]) for row in data["row"]]


def _row(row: dict[str, Any], files: dict[str, str]) -> Row:
    tests = []
    for test in row["tests"]:
        file, _, name = test.partition("::")
        tests.append(f"{files.get(file, file)}::{name}")
    through = {engine for test in tests for engine in _engines(test)}
    states = {}
    for engine in ENGINES:
        shown = "shape" if engine == "llamacpp" else "shown"
        plain = shown if engine in through else "same" if not through else ""
        states[engine] = row.get(engine) or plain
        if not states[engine]:
            raise SystemExit(f"No test of {row['item']!r} runs through {engine}: say its state.")
    return Row(row["part"], row["item"], tuple(tests), states)


def _engines(test: str) -> tuple[str, ...]:
    return next((names for path, names in RUNS_THROUGH.items() if test.startswith(path)), ())


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    part = ""
    for row in read_rows():
        if row.part != part:
            part = row.part
            yield f"\n## {part}\n"
            yield f"| item | test | {' | '.join(ENGINES)} |"
            yield "|---|---|---|---|---|"
        tests = "<br>".join(f"`{test}`" for test in row.tests)
        states = " | ".join(row.states[engine] for engine in ENGINES)
        yield f"| {row.item} | {tests} | {states} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
