"""Runs every benchmark and prints one table: `python -m benchmarks [--only NAME ...] [--save]`.

A benchmark is a module of this folder with a `TITLE` and `def rows() -> Iterable[Row]`, which
may also yield a LeftOut.
"""

import argparse
import signal
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import benchmarks
from benchmarks import pages
from benchmarks.results import Group, Results, results, save
from benchmarks.table import LeftOut, Row, lines

# In this order they are shown; others come behind.
ORDER = (
    "gateway",
    "proxy",
    "server",
    "startup",
    "client",
    "sources",
    "media",
    "video",
    "ocr",
    "llamacpp",
)


def names() -> list[str]:
    """Every benchmark of this folder."""
    folder = Path(next(iter(benchmarks.__path__)))
    found = [
        path.stem
        for path in sorted(folder.glob("*.py"))
        if not path.stem.startswith("_") and "def rows(" in path.read_text("utf-8")
    ]
    return sorted(found, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


def benchmark(name: str) -> ModuleType:
    """The module of a benchmark."""
    return import_module(f"benchmarks.{name}")


def measure(chosen: list[str]) -> Results:
    """The figures of these benchmarks."""
    groups: list[Group] = []
    left_out: list[str] = []
    # All are loaded first: a fault in the last must not cost the time of the others.
    modules = [(module.TITLE, module.rows) for module in map(benchmark, chosen)]
    for name, (title, rows) in zip(chosen, modules, strict=True):
        print(f"running {name} ...", file=sys.stderr, flush=True)
        found = [*rows()]
        left_out += [item.words for item in found if isinstance(item, LeftOut)]
        groups.append(Group(title, [item for item in found if isinstance(item, Row)]))
    return results(groups, left_out)


def show(found: Results) -> None:
    """Print a table."""
    print(f"{found.date}, {found.machine}, Python {found.python}")
    print(", ".join(f"{name} {version}" for name, version in found.versions.items()))
    print("Smaller is better; medians of rounds in turn; a ratio is ours over its peer.\n")
    print("\n".join(lines(row for group in found.groups for row in group.rows)))
    for words in found.left_out:
        print(f"Not measured: {words}.")


def main() -> None:
    """Print the figures."""
    known = names()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=known, help="run only this one")
    parser.add_argument(
        "--save",
        action="store_true",
        help="keep the figures in benchmarks/results and write them into the documentation",
    )
    given = parser.parse_args()
    # Whoever ends the run ends the servers it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    found = measure(given.only or known)
    show(found)
    if given.save:
        save(found)
        pages.write()


if __name__ == "__main__":
    main()
