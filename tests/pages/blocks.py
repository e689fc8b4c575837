"""The examples on the pages: every block of code, and the commands of a shell block."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "skill").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
]
_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.M | re.DOTALL)
_INDENTED = re.compile(r"(?<=\n\n)(?:    .*\n)+")
_ITEM = re.compile(r" *(?:[-*]|\d+\.) ")
_IN_LIST = re.compile(r"^ *(?:[-*]|\d+\.) .*\n(?:  .*\n)*\n\Z", re.M)
_ASSIGNED = re.compile(r"[A-Z_][A-Z0-9_]*=")


@dataclass(frozen=True)
class Block:
    """One block: where it stands, its language as the page says it, and its text."""

    page: str
    line: int
    language: str
    text: str

    @override
    def __str__(self) -> str:
        """Where to look when a test fails."""
        return f"{self.page}:{self.line} ({self.language})"


@dataclass(frozen=True)
class Command:
    """One command of a shell block: its line, variables set before it, and its words."""

    line: str
    variables: Mapping[str, str]
    words: tuple[str, ...]


def blocks_of(page: Path) -> list[Block]:
    """Every fenced block of a page."""
    text = page.read_text("utf-8")
    name = page.relative_to(ROOT).as_posix()
    return [
        Block(
            name,
            text[: found.start()].count("\n") + 1,
            found[2],
            re.sub(f"^{found[1]}", "", found[3], flags=re.M),
        )
        for found in _FENCED.finditer(text)
    ]


def indented(page: Path) -> list[str]:
    """Code that is only indented, and so would be overlooked; what belongs to a list is none."""
    text = _FENCED.sub("", page.read_text("utf-8"))
    return [
        found[0]
        for found in _INDENTED.finditer(text)
        if not _IN_LIST.search(text[: found.start()]) and not _ITEM.match(found[0])
    ]


def blocks(*languages: str) -> list[Block]:
    """Every block of all pages in one of these languages."""
    return [block for page in PAGES for block in blocks_of(page) if block.language in languages]


def commands(text: str) -> Iterator[Command]:
    """The commands of a shell block, one by one."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        variables = {}
        while words and _ASSIGNED.match(words[0]):
            name, _, value = words.pop(0).partition("=")
            variables[name] = value
        yield Command(line.strip(), variables, tuple(words))
