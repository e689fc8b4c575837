"""Scripts that the models can not read, and what tesseract calls their languages."""

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Alphabet:
    """A script: its name, its letters as a class of a regular expression, its languages.

    `languages` are tesseract's, the most read first. `is_solid` says that letters of a word
    stand so far apart that tesseract takes each for a word of its own, `is_square` that all
    are of one width.
    """

    name: str
    letters: str
    languages: tuple[str, ...]
    is_solid: bool = False
    is_square: bool = False

    @cached_property
    def _letter(self) -> re.Pattern[str]:
        return re.compile(f"[{self.letters}]")

    def count(self, text: str) -> int:
        """How many letters of this script a text has."""
        return len(self._letter.findall(text))


ALPHABETS = (
    Alphabet("Cyrillic", "\u0400-\u052f", ("rus", "ukr", "bel", "bul", "srp", "mkd", "kaz")),
    Alphabet(
        "Korean",
        "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
        ("kor",),
        is_solid=True,
        is_square=True,
    ),
    Alphabet(
        "Arabic", "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff", ("ara", "fas", "urd")
    ),
    Alphabet("Devanagari", "\u0900-\u097f", ("hin", "mar", "nep")),
    Alphabet("Greek", "\u0370-\u03ff\u1f00-\u1fff", ("ell",)),
    Alphabet("Hebrew", "\u0590-\u05ff\ufb1d-\ufb4f", ("heb",)),
    Alphabet("Thai", "\u0e00-\u0e7f", ("tha",), is_solid=True),
    Alphabet("Bengali", "\u0980-\u09ff", ("ben",)),
    Alphabet("Tamil", "\u0b80-\u0bff", ("tam",)),
    Alphabet("Telugu", "\u0c00-\u0c7f", ("tel",)),
    Alphabet("Kannada", "\u0c80-\u0cff", ("kan",)),
    Alphabet("Malayalam", "\u0d00-\u0d7f", ("mal",)),
    Alphabet("Gujarati", "\u0a80-\u0aff", ("guj",)),
    Alphabet("Gurmukhi", "\u0a00-\u0a7f", ("pan",)),
    Alphabet("Georgian", "\u10a0-\u10ff\u1c90-\u1cbf", ("kat",)),
    Alphabet("Armenian", "\u0530-\u058f", ("hye",)),
    Alphabet("Khmer", "\u1780-\u17ff", ("khm",), is_solid=True),
    Alphabet("Lao", "\u0e80-\u0eff", ("lao",), is_solid=True),
    Alphabet("Myanmar", "\u1000-\u109f", ("mya",), is_solid=True),
    Alphabet("Ethiopic", "\u1200-\u137f", ("amh",)),
)
