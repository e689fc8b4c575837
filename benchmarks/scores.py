"""Measures for answers about pictures: characters, words, fields, cells, codes, objects."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Any

MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        start=1,
    )
}
CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f"


def plain(text: object) -> str:
    """Compatibility forms unified, white space run together."""
    return " ".join(unicodedata.normalize("NFKC", str(text)).split())


def words(text: object) -> list[str]:
    """Words in lower case; each CJK character is one."""
    return re.findall(rf"[{CJK}]|[^\W_]+", plain(text).lower())


def overlap_f1(truth: Iterable[str], given: Iterable[str]) -> float:
    """Harmonic mean of precision and recall of two bags."""
    ours, theirs = Counter(truth), Counter(given)
    if not ours and not theirs:
        return 1.0
    shared = sum((ours & theirs).values())
    return 2 * shared / max(1, ours.total() + theirs.total())


def character_error(truth: str, given: str, *, fold_case: bool = False) -> float:
    """Edits from the answer to the truth per character of the truth, at most 1."""
    left, right = plain(truth), plain(given)
    if fold_case:
        left, right = left.lower(), right.lower()
    row = list(range(len(right) + 1))
    for i, one in enumerate(left, start=1):
        diagonal, row[0] = row[0], i
        for j, two in enumerate(right, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (one != two))
    return min(1.0, row[-1] / max(1, len(left)))


def number_in(text: object) -> float | None:
    """The number of a text; a comma before two last digits is a decimal mark."""
    digits = re.sub(r"[^\d.,-]", "", str(text))
    if re.search(r",\d{2}$", digits):
        digits = digits.replace(".", "").replace(",", ".")
    try:
        return float(digits.replace(",", ""))
    except ValueError:
        return None


def dates_in(text: object) -> set[tuple[int, int, int]]:
    """Every reading of every date in a text as (year, month, day)."""
    lowered = str(text).lower()
    found = {
        (int(y), int(m), int(d))
        for y, m, d in re.findall(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", lowered)
    }
    for a, b, y in re.findall(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2,4})\b", lowered):
        found |= {(_year(y), int(b), int(a)), (_year(y), int(a), int(b))}
    for d, name, y in re.findall(r"(\d{1,2})[ -]?([a-z]{3})[a-z]*[ ,-]*(\d{2,4})", lowered):
        if name in MONTHS:
            found.add((_year(y), MONTHS[name], int(d)))
    for name, d, y in re.findall(r"([a-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})", lowered):
        if name in MONTHS:
            found.add((int(y), MONTHS[name], int(d)))
    return found


def same_field(name: str, truth: object, given: object) -> bool:
    """Whether a field is right: amounts to half a cent, dates by day, texts by their letters."""
    if given is None:
        return False
    if isinstance(truth, int | float) or re.search("total|amount|tax|price", name):
        wanted, got = number_in(truth), number_in(given)
        if wanted is not None:
            return got is not None and abs(wanted - got) < 0.005
    if "date" in name and (wanted_dates := dates_in(truth)):
        return bool(wanted_dates & dates_in(given))
    return _letters(truth) == _letters(given)


def cells_of(html: str) -> list[str]:
    """The texts of all cells of an HTML table, empty ones left out."""
    inner = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", html, re.DOTALL)
    texts = [plain(re.sub("<[^>]+>", "", cell)).lower() for cell in inner]
    return [text for text in texts if text]


def mentions(group: str | list[str], text: str) -> bool:
    """Whether a text names a thing by one of its words, singular or plural."""
    names = group if isinstance(group, list) else [group]
    return any(re.search(rf"\b{re.escape(name)}(?:e?s)?\b", text.lower()) for name in names)


def json_in(text: str) -> dict[str, Any]:
    """The JSON object in a text; empty when there is none."""
    match = re.search(r"\{.*\}", text, re.DOTALL)
    try:
        value = json.loads(match[0]) if match else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _year(text: str) -> int:
    return int(text) + (2000 if int(text) < 100 else 0)


def _letters(value: object) -> str:
    return re.sub(r"[\W_]+", "", plain(value)).lower()
