"""Writes the kept figures into the documentation: `python -m benchmarks.pages`.

docs/reference/benchmarks.md is written whole; in README.md a short table stands between
`<!-- benchmarks -->` and `<!-- end -->`.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.results import Results, load
from benchmarks.table import HEADINGS, Row

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
README = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- benchmarks -->\n).*?(<!-- end -->)", re.DOTALL)
HEAD = """\
<!-- Written by `python -m benchmarks.pages` from benchmarks/results/latest.json: do not edit. -->
# Benchmarks

`make bench` measures all this anew, prints it and writes this page. Every figure stands beside a
peer that does the same work, measured in turn with it; the medians of the rounds count. Smaller
is better, and a ratio is ours over the peer's. Trust CPU time and ratios: times of two machines,
or of a busy one, cannot be compared. `make peers` installs LiteLLM into an environment of its
own, so that it is measured too; tesseract is measured where its command is.
"""
# The rows of the README: their names here and what they are called there.
SHORT = {
    "gateway, 1 KB text, 32 at once": "a short request passed on",
    "gateway, 64-chunk stream, 32 at once": "a stream of 64 chunks passed on",
    "gateway, 200 KB picture, 32 at once": "a picture of 200 KB passed on",
    "gateway, 5 MB picture, 1 at once": "a picture of 5 MB passed on",
    "proxy, 1 KB text, 32 at once": "a short request, beside LiteLLM's proxy",
    "proxy, 64-chunk stream, 32 at once": "a stream, beside LiteLLM's proxy",
    "proxy, 200 KB picture, 32 at once": "a picture of 200 KB, beside LiteLLM's proxy",
    "proxy, 5 MB picture, 1 at once": "a picture of 5 MB, beside LiteLLM's proxy",
    "gateway, idle": "memory of an idle gateway",
    "qwen-vision --help": "`qwen-vision --help`",
    "client, 200 pictures of 24 KB, 16 in flight": "a picture sent by the client",
    "picture to model size, CPU": "a photo of 12 MP to the size a model sees",
    "video sampling, CPU": "a minute of 1080p, 2 frames a second",
    "ocr receipt.png, CPU": "a receipt read through the server",
    "ocr receipt.png, words wrong": "words of it that are wrong",
}


def page(found: Results) -> str:
    """The page of all figures."""
    return "\n".join([HEAD, *_page_lines(found)])


def _page_lines(found: Results) -> Iterator[str]:
    known = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    yield f"{found.date}, {found.machine}, Python {found.python}."
    yield ""
    yield f"Versions: {known}."
    for group in found.groups:
        if group.rows:
            yield ""
            yield f"## {group.title}"
            yield ""
            yield from _table(HEADINGS, (row.cells() for row in group.rows))
    if found.left_out:
        yield ""
        yield f"Not measured: {'; '.join(found.left_out)}."
    yield ""


def short(found: Results) -> str:
    """The table of the README."""
    rows = [(words, row) for name, words in SHORT.items() if (row := found.row(name))]
    table = _table(
        ("what", "here", "peer", "ratio", "peer is"),
        ((words, *row.cells()[1:3], _ratio(row), _peer(row)) for words, row in rows),
    )
    head = f"{found.date}, {found.machine}, Python {found.python}:"
    return "\n".join([head, "", *table, ""])


def _ratio(row: Row) -> str:
    if row.ratio is None:
        return ""
    if row.ratio == 0:
        return "none"
    return f"{1 / row.ratio:.0f} x less" if row.ratio < 0.4 else f"{row.ratio:.2f} x"


def _peer(row: Row) -> str:
    return row.note.rpartition("peer: ")[2].partition(";")[0] if "peer: " in row.note else ""


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    cells = [*headings]
    yield f"| {' | '.join(cells)} |"
    yield f"|{'---|' * len(cells)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def readme(found: Results, text: str) -> str:
    """The README with the table of now."""
    return BLOCK.sub(lambda block: f"{block[1]}{short(found)}{block[2]}", text)


def write() -> None:
    """Write the page and the README."""
    found = load()
    PAGE.write_text(page(found), "utf-8")
    README.write_text(readme(found, README.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    write()
