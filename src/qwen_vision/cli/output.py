"""Screen: the answer on stdout, everything else on stderr; colour only on a terminal."""

import os
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TextIO

_DIM, _RED, _PLAIN = "\x1b[2m", "\x1b[31m", "\x1b[0m"
_CLEAR_LINE = "\r\x1b[K"
# C0 but tab and line feed, DEL and C1: what moves a cursor or sets a title.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Screen:
    """Writes for a person at a terminal, or for a program behind a pipe."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        wants_colour = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        self.answers_live = sys.stdout.isatty()
        self.talks_live = sys.stderr.isatty()
        self._colour = wants_colour and self.talks_live
        self._moves = environ.get("TERM") != "dumb" and self.talks_live
        self._progress = False
        self._open_line = False
        # A progress line came in the middle of a text and ended its line.
        self._broken_off = False

    def answer(self, text: str) -> None:
        """A piece of the answer, shown at once."""
        text = self._resumed(text)
        sys.stdout.write(_harmless(text, sys.stdout))
        sys.stdout.flush()
        if text:
            self._open_line = not text.endswith("\n")

    def reasoning(self, text: str) -> None:
        """A piece of the thinking, dimmed, shown at once."""
        text = self._resumed(text)
        self._tell(_harmless(text, sys.stderr), _DIM)
        if text:
            self._open_line = not text.endswith("\n")

    def aside(self, text: str) -> None:
        """A piece of the answer, shown on stderr because stdout is for something else."""
        text = self._resumed(text)
        self._tell(_harmless(text, sys.stderr), "")
        if text:
            self._open_line = not text.endswith("\n")

    def note(self, text: str) -> None:
        """A line beside the answer."""
        self.clear_progress()
        self._tell(_harmless(text, sys.stderr), _DIM)
        sys.stderr.write("\n")
        sys.stderr.flush()

    def error(self, text: str) -> None:
        """The one line about what went wrong."""
        self.clear_progress()
        self._tell("qwen-vision: error: ", _RED)
        sys.stderr.write(f"{_harmless(text, sys.stderr)}\n")
        sys.stderr.flush()

    def progress(self, text: str, *shorter: str) -> None:
        """A line that the next output replaces; only for a person.

        The first of the texts that the terminal has room for; of the last its beginning is left
        out when that is too long as well.
        """
        if self._moves:
            self.clear_progress()
            if self._open_line:
                sys.stderr.write("\n")
                self._open_line = False
                self._broken_off = True
            self._tell(_fitting([_harmless(one, sys.stderr) for one in (text, *shorter)]), _DIM)
            self._progress = True

    def clear_progress(self) -> None:
        """Take the progress line away."""
        if self._progress:
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()
            self._progress = False

    def end_answer(self) -> None:
        """Close the answer's last line."""
        if self._open_line:
            sys.stdout.write("\n")
            sys.stdout.flush()
            self._open_line = False

    def leave_line(self) -> None:
        """Start a fresh line on stderr when something stands open there."""
        self.clear_progress()
        if self._open_line:
            sys.stderr.write("\n")
            sys.stderr.flush()
        self._open_line = False

    def _resumed(self, text: str) -> str:
        """More of a text; its line break is left out where a progress line has made one."""
        self.clear_progress()
        if text and self._broken_off:
            self._broken_off = False
            return text.removeprefix("\n")
        return text

    def _tell(self, text: str, style: str) -> None:
        sys.stderr.write(f"{style}{text}{_PLAIN}" if self._colour and style else text)
        sys.stderr.flush()


def _harmless(text: str, stream: TextIO) -> str:
    """Text without control characters when a terminal would obey them.

    An answer may hold whatever stood in a barcode; a pipe gets it as it is.
    """
    if not stream.isatty() or text.isprintable():
        return text
    return _CONTROLS.sub("", text)


def _fitting(texts: Sequence[str]) -> str:
    """A text, or the end of one, that fits one line: what is wrapped could not be taken away."""
    try:
        room = os.get_terminal_size(sys.stderr.fileno()).columns - 1
    except (OSError, ValueError):
        return texts[0]
    # A terminal that does not know its width says zero.
    for text in texts:
        if room <= 0 or _width(text) <= room:
            return text
    text = texts[-1]
    while text and _width(text) >= room:
        text = text[1:]
    return f"…{text}"


def _width(text: str) -> int:
    """Columns a text takes: letters of East Asia take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
