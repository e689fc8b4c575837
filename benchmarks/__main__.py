"""Runs every benchmark and prints one table: `python -m benchmarks [--only NAME ...]`.

A benchmark is a module of this folder with `def rows() -> Iterable[Row]`.
"""

import argparse
import datetime
import os
import platform
import sys
from importlib import import_module
from pathlib import Path

import benchmarks
from benchmarks.table import Row, lines


def names() -> list[str]:
    """Every benchmark of this folder, in alphabetical order."""
    folder = Path(next(iter(benchmarks.__path__)))
    return [
        path.stem
        for path in sorted(folder.glob("*.py"))
        if not path.stem.startswith("_") and "def rows(" in path.read_text("utf-8")
    ]


def machine() -> str:
    """What this runs on; figures of two machines cannot be compared."""
    model = platform.processor() or platform.machine()
    cpus = Path("/proc/cpuinfo")
    if cpus.is_file():
        for line in cpus.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    now = datetime.datetime.now(datetime.UTC)
    return (
        f"{now:%Y-%m-%d %H:%M} UTC, {os.cpu_count()} x {model}, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def main() -> None:
    """Print the figures."""
    known = names()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=known, help="run only this one")
    chosen = parser.parse_args().only or known
    print(machine())
    print("Smaller is better; medians of rounds in turn; a ratio is ours over its peer.\n")
    rows: list[Row] = []
    for name in chosen:
        print(f"running {name} ...", file=sys.stderr, flush=True)
        rows += import_module(f"benchmarks.{name}").rows()
    print("\n".join(lines(rows)))


if __name__ == "__main__":
    main()
