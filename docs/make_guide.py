"""Writes docs/reference/guide.md from guide.toml: python docs/make_guide.py."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "reference"
PAGE = FOLDER / "guide.md"
ENGINES = ("embedded", "llamacpp", "upstream")
# The first part of a test's path -> the engines it runs through, and what it shows of each.
RUNS_THROUGH = {
    "tests/e2e/test_guide.py": {"embedded": ["shown"], "upstream": ["shown"]},
    "tests/e2e/test_guide_facts.py": {"embedded": ["shown"], "upstream": ["shown"]},
    "tests/e2e/test_guide_weights.py": {"llamacpp": ["shape"]},
    "tests/e2e/test_one_address.py": {"llamacpp": ["recited"], "upstream": ["vLLM"]},
    "tests/e2e/vllm/": {"upstream": ["vLLM"]},
    "tests/contract/": {
        "embedded": ["shown"],
        "llamacpp": ["recited"],
        "upstream": ["shown", "llama.cpp", "vLLM"],
    },
    "tests/engines/embedded/": {"embedded": ["shown"]},
    "tests/engines/llamacpp/": {"llamacpp": ["shape"]},
    "tests/engines/upstream/test_processes.py": {"upstream": ["llama.cpp"]},
}
# In this order in a cell.
WORDS = ("shown", "recited", "shape", "llama.cpp", "vLLM")
HEAD = """\
<!-- Written by docs/make_guide.py from guide.toml: change that, then run it. -->
# The public guide, proved

Every use case, piece of code, parameter, way to send a file, note and answer of the public API
guide of the Qwen vision models, named in our words, with the tests that prove it here. `make
test` runs them, `make test-vllm` those of vLLM; the guide's code runs as it stands there, with
another address and key.

| state | meaning |
|---|---|
| shown | asked through this engine, the answer compared with what the picture says |
| recited | asked of tiny weights that recite a script: words, thoughts, JSON, calls as written |
| shape | asked of tiny weights made of noise: of the answer only its shape counts |
| llama.cpp, vLLM | passed on to llama.cpp's own server, to a real vLLM, with weights that recite |
| same | decided before or after the engine: one test for every engine |
| other words | shown, within these bounds |

Under `upstream`, what is shown is answered by a second server, the embedded engine behind it. How
well weights see is not judged here: those that recite would say the same of any picture.
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
    states = {}
    for engine in ENGINES:
        proofs = {word for test in tests for word in _proofs(test, engine)}
        if "recited" in proofs:
            proofs.discard("shape")
        anywhere = any(_proofs(test, other) for test in tests for other in ENGINES)
        plain = ", ".join(word for word in WORDS if word in proofs)
        states[engine] = row.get(engine) or plain or ("" if anywhere else "same")
        if not states[engine]:
            raise SystemExit(f"No test of {row['item']!r} runs through {engine}: say its state.")
    return Row(row["part"], row["item"], tuple(tests), states)


def _proofs(test: str, engine: str) -> list[str]:
    """What a test shows of an engine."""
    return next(
        (found.get(engine, []) for path, found in RUNS_THROUGH.items() if test.startswith(path)), []
    )


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
