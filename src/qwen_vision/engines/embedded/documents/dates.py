"""Dates and times as they are printed."""

import datetime
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

DateOrder: TypeAlias = Literal["dmy", "mdy"]

# Month names and their abbreviations in English, German, Dutch, French, Spanish, Italian,
# Portuguese and the Scandinavian languages, without accents.
_MONTH_NAMES: Final = (
    "jan january januar januari janvier janv ene enero gen gennaio janeiro",
    "feb february februar februari fevrier fevr fev febrero febbraio fevereiro",
    "mar march marz maerz mrz maart mrt mars marzo marco",
    "apr april avril avr abr abril aprile",
    "may mai mei mayo mag maggio maio maj",
    "jun june juni juin junio giu giugno junho",
    "jul july juli juillet juil julio lug luglio julho",
    "aug august augustus augusti aout ago agosto",
    "sep sept september septembre septiembre setiembre settembre set setembro",
    "oct october okt oktober octobre octubre ott ottobre outubro out",
    "nov november novembre noviembre novembro",
    "dec december dez dezember decembre dic diciembre dicembre dezembro desember",
)
_MONTHS: Final = {
    name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()
}
_ERAS: Final = {"令和": 2018, "平成": 1988}
_WORD: Final = r"(?P<month>[A-Za-zÀ-ÿ]{3,10})\.?"
_YEAR: Final = r"(?P<year>\d{4}|\d{2})"
# Print leaves little room between a date and a time, and reading may leave none.
_END: Final = r"(?:(?!\d)|(?=[0-2]\d:[0-5]\d))"
_DAY_AND_MONTH: Final = re.compile(
    rf"(?<!\d)(?P<a>\d{{1,2}})\s?(?P<mark>[-/.])\s?(?P<b>\d{{1,2}})\s?(?P=mark)\s?{_YEAR}{_END}"
)
_PATTERNS: Final = (
    re.compile(
        r"(?<![\d/])(?P<year>\d{4})\s?(?P<mark>[-/.])\s?(?P<m>\d{1,2})\s?(?P=mark)\s?(?P<d>\d{1,2})"
        rf"{_END}"
    ),
    # 令和 began in 2019, 平成 in 1989.
    re.compile(
        r"(?P<era>令和|平成)\s*(?P<year>\d{1,2})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*日"
    ),
    re.compile(r"(?P<year>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]?"),
    _DAY_AND_MONTH,
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s.-]*(?:de\s)?\s*"
        rf"{_WORD}[\s,.'-]*(?:del?\s)?\s*{_YEAR}(?!\d|[:.]\d)"
    ),
    re.compile(
        rf"(?<![A-Za-z]){_WORD}\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+(?P<year>\d{{4}})"
    ),
    re.compile(rf"(?<![A-Za-z]){_WORD}\s*(?P<d>\d{{1,2}})\s*,\s*(?P<year>\d{{4}})(?!\d)"),
    re.compile(
        # Letters before it or digits after a dash make it the number of something.
        r"(?<!\w)(?P<year>(?:19|20)\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d|-\d)"
    ),
)
_TIME: Final = re.compile(
    r"(?<![\d:])(?P<time>(?:[01]?\d|2[0-3])[:：][0-5]\d(?:[:：][0-5]\d)?)(?P<half>\s?[AaPp]\.?[Mm]\.?)?(?![\d:])"
)


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """A date in a text."""

    date: datetime.date
    text: str
    start: int


def find_dates(text: str, order: DateOrder = "dmy") -> list[PrintedDate]:
    """Every date in the text, in order; `order` decides `03/04/2024`."""
    found: list[PrintedDate] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if any(_overlap(match, date) for date in found):
                continue
            date = _read(match, order)
            if date is not None:
                found.append(date)
    return sorted(found, key=lambda date: date.start)


def find_times(text: str) -> list[str]:
    """Every time of day in the text, as printed."""
    return [match[0].strip() for match in _TIME.finditer(text)]


def without_dates(text: str) -> str:
    """The text with dates and times blanked out, positions kept."""
    for date in find_dates(text):
        end = date.start + len(date.text)
        text = text[: date.start] + " " * len(date.text) + text[end:]
    return _TIME.sub(lambda match: " " * len(match[0]), text)


def date_order(texts: Iterable[str]) -> DateOrder:
    """Whether a document writes the day or the month first.

    An unambiguous date decides; without one, an address or currency of the United States
    means month first, and all else day first.
    """
    joined = "\n".join(texts)
    for match in _DAY_AND_MONTH.finditer(joined):
        first, second = int(match["a"]), int(match["b"])
        if first > 12 >= second:
            return "dmy"
        if second > 12 >= first:
            return "mdy"
    american = re.search(
        r"United States|\bU\.?S\.?A\b|\bUSD\b|\b[A-Z]{2} \d{5}(?:-\d{4})?\b", joined
    )
    return "mdy" if american else "dmy"


def _overlap(match: re.Match[str], date: PrintedDate) -> bool:
    return match.start() < date.start + len(date.text) and date.start < match.end()


def _read(match: re.Match[str], order: DateOrder) -> PrintedDate | None:
    groups = match.groupdict()
    year = int(groups["year"])
    if groups.get("era"):
        year += _ERAS[groups["era"]]
    elif year < 100:
        year += 2000 if year < 70 else 1900
    if groups.get("month"):
        month = _MONTHS.get(_plain(groups["month"]))
        date = _date(year, month, int(groups["d"])) if month else None
    elif groups.get("a"):
        first, second = int(groups["a"]), int(groups["b"])
        day_first, month_first = _date(year, second, first), _date(year, first, second)
        # A month over 12 can only be the other way round.
        date = day_first or month_first if order == "dmy" else month_first or day_first
    else:
        date = _date(year, int(groups["m"]), int(groups["d"]))
    if date is None:
        return None
    return PrintedDate(date, match[0].strip(), match.start())


def _date(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _plain(month: str) -> str:
    """A month's name in lower case without accents, which print often loses."""
    return unicodedata.normalize("NFKD", month.lower()).encode("ascii", "ignore").decode()


def month_of(word: str) -> int | None:
    """The month (1 to 12) that a word names: `Apr`, `avril`, `4月`; None for another word."""
    numbered = re.fullmatch(r"(\d{1,2})月份?", word)
    if numbered:
        return int(numbered[1]) if 1 <= int(numbered[1]) <= 12 else None
    return _MONTHS.get(_plain(word))
