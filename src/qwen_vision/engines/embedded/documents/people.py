"""People: the name and the calling a card, a form or a letter gives."""

import re
from typing import Final

from qwen_vision.engines.embedded.documents.concepts import concepts, is_label
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.labelled import labelled
from qwen_vision.engines.embedded.documents.parties import is_business, is_place
from qwen_vision.engines.embedded.documents.sheet import Sheet, height
from qwen_vision.engines.embedded.documents.titles import is_title
from qwen_vision.engines.embedded.facts import TextLine

_NAME: Final = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau|Mme|M|Sr|Sra)\.? )?"
    r"[A-ZÀ-Þ](?:[^\W\d_]|['’-])*\.?"
    r"(?: (?:(?:van|von|de|del|da|der|den|la|le|bin|al)|[A-ZÀ-Þ](?:[^\W\d_]|['’-])*\.?)){1,3}"
)
_CLOSING: Final = re.compile(
    r"(?i)\b(?:sincerely|faithfully|truly|regards|yours|respectfully|grü(?:ß|ss)en|"
    r"cordialement|atentamente|saludos)\b|此致|敬上"
)
_CALLING: Final = re.compile(
    r"(?i)\b(?:engineer|manager|director|officer|consultant|designer|developer|analyst|assistant|"
    r"coordinator|accountant|architect|professor|teacher|doctor|nurse|lawyer|attorney|president|"
    r"founder|ceo|cto|cfo|head of|lead|representative|specialist|technician|editor|partner|"
    r"secretary|supervisor|advisor|scientist|researcher|leiter(?:in)?|geschäftsführer(?:in)?|"
    r"ingenieur(?:in)?|directeur|gerente)\b|经理|总监|工程师|主任|总裁|董事|教授|医生|设计师|顾问|主管|专员|律师|会计"
)
_MAX_CALLING_WORDS: Final = 6


def find_person(sheet: Sheet) -> list[Found]:
    """The labelled name, the signature of a letter, else the tallest line that reads as a name."""
    named = [
        value
        for value in labelled(sheet, concepts()["person"])
        if re.search(r"[^\W\d_]{2}", value.text)
    ]
    signed = [
        Found(line.text, line.text, (line,), "the name under the closing of a letter", rank=1)
        for line in _after_closing(sheet)
        if _reads_as_name(line.text)
    ]
    shaped = [line for line in sheet.lines if _reads_as_name(line.text)]
    shaped.sort(key=lambda line: -height(line))
    guessed = [Found(line.text, line.text, (line,), "a line that reads as a name", rank=2)
               for line in shaped[:1]]  # fmt: skip
    return named + signed[:1] + guessed


def find_calling(sheet: Sheet) -> list[Found]:
    """The labelled position, else the first short line with the word of a calling."""
    named = labelled(sheet, concepts()["job_title"])
    told = [
        Found(line.text, line.text, (line,), "a line with the word of a calling", rank=1)
        for line in sheet.lines
        if _CALLING.search(line.text) and len(line.text.split()) <= _MAX_CALLING_WORDS
    ]
    return named + told[:1]


def _after_closing(sheet: Sheet) -> tuple[TextLine, ...]:
    place = next((at for at, line in enumerate(sheet.lines) if _CLOSING.search(line.text)), None)
    return () if place is None else sheet.lines[place + 1 :]


def _reads_as_name(text: str) -> bool:
    plain = text.strip(" ,")
    if not _NAME.fullmatch(plain) or is_label(plain) or _CALLING.search(plain):
        return False
    if is_title(plain):
        return False
    return not is_business(plain) and not is_place(plain)
