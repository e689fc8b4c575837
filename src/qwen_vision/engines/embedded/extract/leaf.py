"""Leaf: a found value as the JSON value that a schema's string, number or boolean takes."""

import datetime
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

from qwen_vision.engines.embedded.documents.amounts import find_amounts, read_number
from qwen_vision.engines.embedded.documents.dates import DateOrder, find_dates, find_times
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.extract.shape import Shape
from qwen_vision.errors import SchemaError
from qwen_vision.protocol.schema import SchemaCheck

_TICKED: Final = re.compile(
    r"(?:[☒☑✓✔⊠■●◉✗✘]|[\[(][xX✓][\])])\s*"
    r"(?P<choice>[^☐□○◯☒☑✓✔⊠■●◉✗✘\[(\s][^☐□○◯☒☑✓✔⊠■●◉✗✘\[(]*?)"
    r"(?=\s{2,}|\s*[☐□○◯☒☑✓✔⊠■●◉✗✘\[(]|$)"
)
# What a switch, a ticked box or a form says beside its label.
_SAYS: Final = re.compile(
    r"(?i)(?:(?P<yes>yes|on|true|enabled|active|ja|oui|sí|是|有|开|已开启|☑|✓|✔|\[x\])|"
    r"no|off|false|disabled|inactive|nein|non|否|无|关|已关闭|☐|✗|\[ \])$"
)
_BOX: Final = re.compile(
    r"\s*(?:(?P<ticked>[☒☑✓✔⊠■✗✘]|[\[(][xX✓][\])])|[☐□]|\[ ?\]|\( ?\))\s*(?=\w)"
)
_FORM: Final = re.compile(r"(?i)\bform\b|formular|questionnaire|登记表|申请表|表单")
Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_ISO: Final = re.compile(
    r"yyyy-mm-dd|iso[- ]?8601|\biso\b.{0,12}date|date.{0,12}\biso\b", re.IGNORECASE
)
_UNKNOWN: Final = re.compile(
    r"^(?:unknown|other|others|none|n/?a|unspecified|未知|其他|其它|无)$", re.IGNORECASE
)


def leaf_value(shape: Shape, found: Found, *, order: DateOrder) -> Json:
    """The JSON value of a found one, or None when it does not fit the schema of the leaf."""
    value = _convert(shape, found, order)
    if value is not None and fits(shape, value):
        return value
    if isinstance(value, str) and not shape.options:
        return next((other for other in _renderings(found) if fits(shape, other)), None)
    return None


def _renderings(found: Found) -> Iterator[str]:
    """Other ways to write a value, for a schema whose pattern wants one of them."""
    if isinstance(found.plain, Decimal):
        yield f"{found.plain:.2f}"
        yield f"{found.plain:,.2f}"
        yield f"{found.plain:f}"
    if isinstance(found.plain, datetime.date):
        for form in ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d"):
            yield found.plain.strftime(form)
    squeezed = re.sub(r"\s+", "", found.text)
    yield from (squeezed, squeezed.upper(), re.sub(r"\W", "", found.text).upper())
    yield re.sub(r"\D", "", found.text)


def fits(shape: Shape, value: Json) -> bool:
    """Whether a value satisfies the leaf's own rules: enum, pattern, format, limits."""
    try:
        return SchemaCheck(shape.rules, param="response_format").problem(value) is None
    except SchemaError:
        # A part of a schema may refer to the whole, which is checked at the end.
        return True


def option_for(shape: Shape, text: str) -> Json:
    """The option of an `enum` that a text names, letter case and spacing aside."""
    text = ticked(text) or text
    wanted = _plain(text)
    options = [option for option in shape.options if isinstance(option, str)]
    for option in options:
        if _plain(option) == wanted:
            return option
    words = [option for option in options if _is_word(option, text)]
    if len({_plain(option) for option in words}) > 1 and not nested(words):
        # "Male  Female" without a tick says neither.
        return None
    inside = [option for option in options if _plain(option) and _plain(option) in wanted]
    return max(words or inside, key=len, default=None)


def ticked(text: str) -> str | None:
    """The one choice of a line that is ticked: `☐ Yes ☒ No` is `No`; None without a tick."""
    found = [match["choice"].strip() for match in _TICKED.finditer(text)]
    return found[0] if len(found) == 1 else None


def says_yes(text: str) -> bool | None:
    """What a switch, a word or the one ticked box says: yes or no; None for anything else."""
    said = _SAYS.match(ticked(text) or text.strip())
    return None if said is None else said["yes"] is not None


def box_before(text: str) -> bool | None:
    """Whether the box that a line begins with is ticked; None without one."""
    mark = _BOX.match(text)
    return None if mark is None else mark["ticked"] is not None


def is_form(sheet: Sheet) -> bool:
    """Whether a page calls itself a form or prints boxes to be ticked."""
    return any(_FORM.search(line.text) or _BOX.match(line.text) for line in sheet.lines)


def _is_word(option: str, text: str) -> bool:
    return re.search(rf"(?i)(?<!\w){re.escape(option)}(?!\w)", text.replace("_", " ")) is not None


def nested(options: Sequence[str]) -> bool:
    """Whether one of the options holds all the others: "credit card" says "card" too."""
    longest = _words(max(options, key=len))
    return all(_words(option) <= longest for option in options)


def _words(option: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", option.lower()))


def nothing(shape: Shape) -> tuple[Json, str]:
    """What stands for "not found" and a note on it: null if it fits, else the emptiest value."""
    if shape.nullable or shape.kind in {"null", "any"}:
        return None, "not found"
    if shape.options:
        unknown = next((option for option in shape.options if _UNKNOWN.match(str(option))), None)
        chosen = shape.options[0] if unknown is None else unknown
        return chosen, f"not found: the schema allows no null, '{chosen}' stands for nothing read"
    match shape.kind:
        case "string":
            empty: Json = ""
        case "boolean":
            empty = False
        case "array":
            empty = []
        case "object":
            empty = {}
        case _:
            empty = _least(shape)
    return empty, f"not found: the schema allows no null, {empty!r} stands for nothing read"


def _convert(shape: Shape, found: Found, order: DateOrder) -> Json:
    if shape.options:
        named = option_for(shape, found.text)
        named = option_for(shape, str(found.plain)) if named is None else named
        return _number_of(shape, found) if named is None else named
    match shape.kind:
        case "number":
            number = _number(found)
            return None if number is None else _tidy(number)
        case "integer":
            number = _number(found)
            whole = number is not None and number == number.to_integral_value()
            return int(number) if number is not None and whole else None
        case "boolean":
            return says_yes(found.text)
        case "string" | "any":
            return _string(shape, found, order)
        case _:
            return None


def _number_of(shape: Shape, found: Found) -> Json:
    """The option of an `enum` of numbers that a text says."""
    number = _number(found)
    return next((one for one in shape.options if one == number and one is not None), None)


def _string(shape: Shape, found: Found, order: DateOrder) -> str | None:
    wanted = shape.rules.get("format")
    if wanted in {"date", "date-time"} or _ISO.search(shape.about):
        date = found.plain if isinstance(found.plain, datetime.date) else None
        if date is None:
            dates = find_dates(found.text, order)
            date = dates[0].date if dates else None
        if date is not None:
            return date.isoformat() if wanted != "date-time" else _moment(date, found)
        if wanted is not None:
            # What is no date is not what was asked for.
            return None
    if wanted == "time":
        times = find_times(found.text)
        return _clock(times[0]) if times else None
    if isinstance(found.plain, str) and len(found.plain) == 3 and found.plain.isupper():
        return found.plain
    return " ".join(found.text.split())


def _moment(date: datetime.date, found: Found) -> str:
    times = find_times(" ".join(line.text for line in found.lines))
    return f"{date.isoformat()}T{_clock(times[0]) if times else '00:00:00'}Z"


def _clock(text: str) -> str:
    parts = [int(part) for part in re.findall(r"\d+", text)]
    hour = parts[0] % 12 + 12 if re.search(r"p\.?m", text, re.IGNORECASE) else parts[0]
    return f"{hour:02d}:{parts[1]:02d}:{parts[2] if len(parts) > 2 else 0:02d}"


def _number(found: Found) -> Decimal | None:
    if isinstance(found.plain, Decimal):
        return found.plain
    amounts = find_amounts(found.text)
    return amounts[0].value if amounts else read_number(found.text.strip())


def _tidy(number: Decimal) -> int | float:
    return (
        int(number)
        if number == number.to_integral_value() and abs(number) < 2**53
        else float(number)
    )


def _least(shape: Shape) -> int | float:
    low = shape.rules.get("minimum", shape.rules.get("exclusiveMinimum", 0))
    high = shape.rules.get("maximum", shape.rules.get("exclusiveMaximum"))
    least = low if isinstance(low, int | float) and low > 0 else 0
    if "exclusiveMinimum" in shape.rules and least > 0:
        least += 1
    if isinstance(high, int | float) and high < least:
        least = high
    return int(least) if shape.kind == "integer" else least


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
