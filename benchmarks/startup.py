"""How long `--help` takes, against a script that only imports argparse, json and urllib.request."""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial

from benchmarks.measure import paired, wall_ms
from benchmarks.table import Row

TITLE = "Start of the command"
ROUNDS = 25
TARGET = 1.5
PEER = [sys.executable, "-c", "import argparse, json, urllib.request"]
# Through the entry point, as the installed command does it: no cost of `-m`.
OURS = [sys.executable, "-c", "import sys; from qwen_vision.cli.main import run; run()"]


def milliseconds(command: list[str]) -> float:
    run = partial(subprocess.run, command, check=True, stdout=subprocess.DEVNULL)
    return wall_ms(run)


def rows() -> Iterator[Row]:
    for words in (["--help"], ["analyze", "--help"]):
        pair = paired(
            partial(milliseconds, [*OURS, *words]), partial(milliseconds, PEER), rounds=ROUNDS
        )
        note = "wall; peer imports argparse, json, urllib.request"
        yield Row(f"qwen-vision {' '.join(words)}", pair.ours, "ms", pair.peer, TARGET, note)
