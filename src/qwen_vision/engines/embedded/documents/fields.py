"""Fields: the value a document gives for a concept or for words of the asker's own."""

import re
from collections.abc import Callable
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final

from qwen_vision.engines.embedded.documents.addressees import find_customer
from qwen_vision.engines.embedded.documents.addresses import find_address_part
from qwen_vision.engines.embedded.documents.concepts import Concept, Kind, concepts, fold
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.headings import find_title
from qwen_vision.engines.embedded.documents.kinds import document_words
from qwen_vision.engines.embedded.documents.labelled import after_label, labelled
from qwen_vision.engines.embedded.documents.parties import find_address, find_bank, find_company
from qwen_vision.engines.embedded.documents.payments import find_card_digits
from qwen_vision.engines.embedded.documents.people import find_calling, find_person
from qwen_vision.engines.embedded.documents.periods import find_period
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.take import is_iban, looks_dialled, take
from qwen_vision.engines.embedded.documents.totals import (
    find_subtotal,
    find_tax,
    find_tax_rate,
    find_total,
)
from qwen_vision.engines.embedded.documents.words import names, stem
from qwen_vision.engines.embedded.facts import Reading, TextLine

_BY_SHAPE: Final[dict[str, str]] = {
    "email": "the only shape of an e-mail address",
    "website": "the shape of a web address",
    "phone": "the shape of a phone number",
    "time": "the first time of day on the page",
    "date": "the first date on the page",
    "currency": "the currency mark beside an amount",
    "iban": "the shape of an IBAN",
}
_OWN_RULES: Final[dict[str, Callable[[Sheet], list[Found]]]] = {
    "total": find_total,
    "tax": find_tax,
    "tax_rate": find_tax_rate,
    "subtotal": find_subtotal,
    "company": find_company,
    "address": find_address,
    "title": find_title,
    "customer": find_customer,
    "person": find_person,
    "bank": find_bank,
    "job_title": find_calling,
    "card_digits": find_card_digits,
}
_OTHER_DATES: Final = (
    "due_date", "start_date", "end_date", "order_date", "birth_date", "delivery_date",
)  # fmt: skip
_ENDS: Final = ("start_date", "end_date")
_CARD: Final = re.compile(r"(?i)visa|master ?card|amex|card")
_SIMILAR: Final = 0.84
_KIND_WORD: Final = re.compile(r"(?P<rest>.{3,}) (?P<kind>number|no|time|name|code|type|date)")
# "Employee name" and "Employee number" are alike in letters only.
_UNLIKE: Final = ({"name", "number"}, {"date", "number"}, {"name", "date"}, {"code", "date"})
_KIND_SHAPES: Final = {
    "number": r"^(?!\d[\d,]*\.\d\d$).*\d", "no": r"\d", "code": r"\d", "time": r"\d", "date": r"\d",
    "name": r"[^\W\d_]{2}", "type": r"[^\W\d_]{2}",
}  # fmt: skip
_LABEL_WORDS: Final = 5
# What may stand between words and their figures, and how far these reach.
_LINK: Final = (
    r"\s*(?:number|no\.?|nr\.?|#)?\s*(?:[:：=]|of|is|was|will be|von|beträgt|de|est de)?\s*"
)
# Figures end where words follow a comma: `Sort code 20-11-43, account 503388`.
_FIGURES_FIRST: Final = re.compile(r"\s*[\w/-]*\d[\w/-]*(?=[,;] [^\W\d_])")
_WITH_CENTS: Final = re.compile(r"\d[\d,]*\.\d\d")
_CLAUSE: Final = re.compile(r".+?(?=[.;](?:\s|$)|\s{2}|$)")
_FIGURES: Final = re.compile(r"(?:[\w/-]*\d[\w/.-]*)(?<![./-])")


def find_field(sheet: Sheet, concept: Concept) -> list[Found]:
    """Values for the concept, best first; empty when the page does not give one."""
    own = _OWN_RULES.get(concept.name)
    if own is not None:
        return own(sheet)
    if concept.kind == "address":
        return find_address_part(sheet, concept.name)
    found = labelled(sheet, concept) + _by_shape(sheet, concept)
    if concept.name == "order_date" and not found and _is_order(sheet):
        return find_field(sheet, concepts()["date"])
    if concept.name in _ENDS:
        period = find_period(sheet)
        found += [] if period is None else [period[_ENDS.index(concept.name)]]
    if concept.kind == "currency":
        # A printed code tells more than a mark that several countries share.
        found.sort(key=lambda value: value.text not in value.lines[0].text)
    if concept.name == "cash":
        # Behind the name of a card stand its digits as often as an amount.
        found = [value for value in found if not _is_card(value)]
    if concept.kind == "currency" and sheet.is_japanese:
        # The yen and the yuan share their mark.
        return [
            replace(value, plain="JPY", text="JPY") if value.plain == "CNY" else value
            for value in found
        ]
    return found


def _is_order(sheet: Sheet) -> bool:
    """Whether the page calls itself a purchase order: its date is then the order's."""
    return document_words(Reading(sheet.lines)) == "a purchase order"


def _is_card(value: Found) -> bool:
    named = value.label is not None and _CARD.search(value.label.text)
    return bool(named) and not re.search(r"[.,]\d{2}\b", value.text)


def find_exactly(sheet: Sheet, words: str, kind: Kind) -> list[Found]:
    """Values behind a label that says these words and no others, from the top."""
    wanted = _tokens(words)
    found: list[Found] = []
    for line in sheet.lines:
        label, rest = _split(line.text)
        if _tokens(label) != wanted:
            alike, rest = _prefix_likeness(wanted, line.text)
            if alike < 1.0 or len(wanted) < 2 or not re.match(r"[\s:：.#]", rest):
                continue
        found += after_label(sheet, line, rest, kind=kind)
    return found


def find_words(sheet: Sheet, words: str, kind: Kind = "text") -> list[Found]:
    """Values behind a label that reads like `words`, such as `booking id`, best first.

    `name of the function` is looked for as `function name` as well, and `patient's full
    name` as `full name`.
    """
    for place, wanted in enumerate(_ways_to_say(words)):
        least = _SIMILAR if place == 0 else 1.0
        found: list[tuple[float, Found]] = []
        for line in sheet.lines:
            found += _numbered(wanted, line)
            label, rest = _split(line.text)
            alike = _likeness(wanted, _tokens(label))
            if alike < least:
                alike, rest = _prefix_likeness(wanted, line.text)
                figures = _FIGURES_FIRST.match(rest)
                rest = figures[0] if figures is not None else rest
                if kind == "text" and re.match(r"\s[a-z]", rest):
                    # "Churn fell to 2.4%" goes on as a sentence: "churn" is no label.
                    continue
            if alike >= least:
                found += [(alike, value) for value in after_label(sheet, line, rest, kind=kind)]
        if found:
            return [value for _, value in sorted(found, key=lambda item: -item[0])]
    return _by_bare_label(sheet, words, kind) or _in_sentences(sheet, words, kind)


def _in_sentences(sheet: Sheet, words: str, kind: Kind) -> list[Found]:
    """Figures right after the words inside a line: `pay a late fee of $75`, `Sort code 20-11-43`.

    A last word that only says "number" may be missing there.
    """
    wanted = _tokens(words)
    sure = len(wanted) > 1
    if sure and wanted[-1] == "number":
        wanted = wanted[:-1]
    if not wanted or kind not in {"amount", "date", "text"}:
        return []
    joined = r"\W+".join(map(re.escape, wanted))
    said = re.compile(rf"(?<!\w){joined}(?P<link>{_LINK})(?=\S)")
    found = []
    for line in sheet.lines:
        for match in said.finditer(fold(line.text)):
            rest = line.text[match.end() :]
            link = match["link"].strip()
            if kind == "text":
                clause = (_CLAUSE if link in {":", "："} else _FIGURES).match(rest)
                rest = clause[0] if clause is not None else ""
                # An amount is no number of anything.
                rest = "" if sure and _WITH_CENTS.fullmatch(rest) else rest
            taken = take(rest, kind, order=sheet.date_order)
            if taken is not None and (sure or link) and rest.startswith(taken.text):
                why = f"said in: {line.text}"
                found.append(Found(taken.text, taken.plain, (line,), why, line, rank=2))
    return found


def _by_bare_label(sheet: Sheet, words: str, kind: Kind) -> list[Found]:
    """The value of a name whose last word only says its kind: "Flight" heads a flight number.

    The label must be that and nothing else, and the value of that kind.
    """
    told = _KIND_WORD.fullmatch(words)
    if told is None:
        return []
    wanted = _tokens(told["rest"])
    shape = _KIND_SHAPES.get(told["kind"], r"\w")
    return [
        value
        for line in sheet.lines
        for label, rest in [_split(line.text)]
        if _tokens(label) == wanted
        for value in after_label(sheet, line, rest, kind=kind)
        if re.search(shape, value.text)
    ]


def _numbered(wanted: list[str], line: TextLine) -> list[tuple[float, Found]]:
    """The number a line begins with after the thing it counts: `Slide 7 of 22`, `Bus 14`."""
    if len(wanted) < 2 or wanted[-1] != "number":
        return []
    pieces = list(re.finditer(r"[^\W_]+", line.text))[: len(wanted)]
    said = [_plain(piece[0]) for piece in pieces]
    if len(said) < len(wanted) or said[:-1] != wanted[:-1] or not said[-1][:1].isdigit():
        return []
    number = line.text[pieces[-1].start() :].split()[0].rstrip(".,;:")
    if _WITH_CENTS.fullmatch(number):
        return []
    return [(_SIMILAR, Found(number, number, (line,), f"numbered: {line.text}", line))]


def _ways_to_say(words: str) -> list[list[str]]:
    """The words as they stand, then turned around their "of" and without an owner."""
    ways = [words]
    of = re.fullmatch(r"(.+?) (?:of|for) (?:the |a |an |this )?(.+)", words, re.IGNORECASE)
    if of:
        ways.append(f"{of[2]} {of[1]}")
    owned = re.split(r"['’]s? |(?<=[\u3400-\u9fff])的", words, maxsplit=1)
    ways += owned[1:]
    return [tokens for way in ways if (tokens := _tokens(way))]


def label_said(sheet: Sheet, question: str) -> str:
    """The printed label, with a value beside it, all of whose words a question says; or ""."""
    said = []
    for line in sheet.lines:
        label, mark, _ = line.text.replace("：", ":").partition(":")
        if not mark and not sheet.right_of(line):
            continue
        is_words = re.search(r"[^\W\d_]{2}|[\u3400-\u9fff]", label)
        if is_words and len(label.split()) <= _LABEL_WORDS and names(label, question):
            said.append(label.strip())
    return max(said, key=len, default="")


def lines_with(sheet: Sheet, words: str) -> list[TextLine]:
    """Lines that hold the words, letter case and spacing aside."""
    wanted = _squeeze(words)
    holding = [line for line in sheet.lines if wanted and wanted in _squeeze(line.text)]
    exact = [line for line in holding if _squeeze(line.text) == wanted]
    return exact or holding


def _by_shape(sheet: Sheet, concept: Concept) -> list[Found]:
    why = _BY_SHAPE.get(concept.name)
    if why is None:
        return []
    found = []
    for line in sheet.lines:
        if concept.name == "date" and _names_other_date(sheet, line):
            continue
        taken = take(line.text, concept.kind, order=sheet.date_order)
        if taken is not None and _is_sure(concept.name, taken.text):
            found.append(Found(taken.text, taken.plain, (line,), why, rank=9))
    return found


def _is_sure(name: str, text: str) -> bool:
    """Whether a shape without a label is beyond doubt: a dialled number, an IBAN of full length."""
    if name == "phone":
        return looks_dialled(text)
    return name != "iban" or is_iban(text)


def _names_other_date(sheet: Sheet, line: TextLine) -> bool:
    return any(
        line in value.lines for name in _OTHER_DATES for value in labelled(sheet, concepts()[name])
    )


def _split(text: str) -> tuple[str, str]:
    label, mark, rest = re.sub("：", ":", text).partition(":")
    return (label, rest) if mark else (text, "")


def _prefix_likeness(wanted: list[str], text: str) -> tuple[float, str]:
    """How alike the words are to the first words of a text, and what follows these."""
    pieces = list(re.finditer(r"[^\W_]+", text))
    if len(pieces) <= len(wanted):
        return 0.0, ""
    head = [_plain(piece[0]) for piece in pieces[: len(wanted)]]
    return _likeness(wanted, head), text[pieces[len(wanted) - 1].end() :]


def _likeness(wanted: list[str], label: list[str]) -> float:
    if not label or {wanted[-1], label[-1]} in _UNLIKE:
        return 0.0
    return SequenceMatcher(None, " ".join(wanted), " ".join(label)).ratio()


def _tokens(text: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return [_plain(token) for token in re.findall(r"[^\W_]+|#", spaced)]


def _plain(token: str) -> str:
    """A word as labels are compared: the ways to write "number" are one."""
    folded = fold(token)
    return "number" if folded == "#" or stem(folded) == "number" else folded


def _squeeze(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
