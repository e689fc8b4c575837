"""Terms: the numbers of a page that a question names, for arithmetic and yes-or-no checks.

Every row is cut into parts that hold one amount each (`£18 advance / £22 on the door` are two).
A part is named when the question says a word of it that no other part has.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import Amount, find_amounts
from qwen_vision.engines.embedded.documents.cells import Crossing, crossings
from qwen_vision.engines.embedded.documents.charts import chart_values
from qwen_vision.engines.embedded.documents.concepts import fold, mentions
from qwen_vision.engines.embedded.documents.dates import without_dates
from qwen_vision.engines.embedded.documents.fields import find_field
from qwen_vision.engines.embedded.documents.sheet import Sheet, around
from qwen_vision.engines.embedded.documents.words import stems
from qwen_vision.engines.embedded.extract.items import Item, bill_items
from qwen_vision.engines.embedded.facts import Box, Reading, Table, TextLine

_PARTS: Final = re.compile(r"\s+[/|·•;]\s+|,\s+")
COUNTS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "一": 1, "两": 2, "二": 2, "三": 3, "四": 4,
    "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
}  # fmt: skip
_TIMES: Final = re.compile(
    r"(?:(?P<digits>\d{1,3})|(?<![a-z])(?P<word>" + "|".join(COUNTS) + r"))"
    r"(?:\s*[x×]\s*|\s*[份个杯碗瓶张件只盒斤块]\s*|\s+)(?:[a-z]+\s+)?(?:of\s+)?$"
)
# What looks like an amount and is none: a clock time, the number of a list's entry.
_CLOCK: Final = re.compile(
    r"\b\d{1,2}[:.]\d{2}\s*(?:[ap]\.?m\b\.?)|\b\d{1,2}:\d{2}\b", re.IGNORECASE
)
_TOTAL: Final = re.compile(r"(?i)\btotal\b|\bsum\b|\bscore\b|\bpoints\b|合计|总")
_NAME: Final = re.compile(r"[^\W\d]{2}|[\u3400-\u9fff]")
_MARKER: Final = re.compile(r"^\s*\d{1,2}[.)]\s+(?=\D)")
_LONE_PRICE: Final = re.compile(r"[$€£¥￥]\s?\d[\d.,]*|\d[\d.,]*\s?[$€£¥￥元]")
_HAN: Final = re.compile(r"[\u3400-\u9fff]{2,}")
# Words of questions about numbers that name no part of a page.
_ASKING: Final = stems(
    "price prices amount total sum cost costs paid pay average difference change tip percent more "
    "less together item items number each per kg gram litre unit bill point points number "
    "dollar dollars euro "
    "euros pound pounds yuan"
)
# "The price of the tea" means the tea's row, not whatever is labelled a price.
_ANY_PRICE: Final = frozenset({"price", "fee", "old_price"})


@dataclass(frozen=True, slots=True)
class Term:
    """A number of the page: what stands beside it, its value, and where.

    `count` is how many of it the question wants, `asked_at` where the question names it;
    `quantity` is how many the row says the amount is for; `concept` is the name of the
    labelled value that it is, such as `tax`.
    """

    name: str
    value: Decimal
    text: str
    box: Box
    line: TextLine
    count: int = 1
    asked_at: int = -1
    quantity: Decimal | None = None
    concept: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    words: str
    amount: Amount
    line: TextLine
    box: Box
    quantity: Decimal | None = None


def named_terms(reading: Reading, question: str) -> list[Term]:
    """The numbers the question names, in the order it names them."""
    sheet = Sheet.of(reading)
    parts = list(_parts(reading, sheet))
    found = [*_of_concepts(sheet, question)]
    taken = {id(term.line) for term in found}
    for part, place in _named(parts, question):
        if id(part.line) not in taken and not _is_one_of_two(sheet, part.line):
            found.append(_term(part, question, place))
    crossed = list(_crossed(reading, question))
    found = crossed if len(crossed) > len(found) else found
    return sorted(found, key=lambda term: term.asked_at)


def _is_one_of_two(sheet: Sheet, line: TextLine) -> bool:
    """Whether another price stands alone right under it: which one holds, print does not say."""
    near = [
        other for other in sheet.below(line)[:1] if len(sheet.rows[sheet.row_of[id(other)]]) == 1
    ]
    return all(_LONE_PRICE.fullmatch(one.text.strip()) for one in (line, *near)) and bool(near)


def item_terms(reading: Reading) -> list[Term]:
    """The lines of a bill as numbers, whatever a question names."""
    items = bill_items(Sheet.of(reading))
    return [_term(part, "", -1) for item in items for part in _of_item(item)]


def said_amounts(question: str) -> list[Amount]:
    """The numbers a question says, percentages aside; Chinese words stand close to them."""
    spaced = re.sub(r"(?<=\d)(?=[\u3400-\u9fff])|(?<=[\u3400-\u9fff])(?=\d)", " ", question)
    return [amount for amount in find_amounts(spaced) if not amount.is_percent]


def only_amount(reading: Reading) -> Term | None:
    """The one sum of money of a page, such as a price tag; None when there are several."""
    parts = [part for part in _parts(reading, Sheet.of(reading)) if part.amount.currency]
    return _term(parts[0], "", -1) if len(parts) == 1 else None


def _crossed(reading: Reading, question: str) -> Iterator[Term]:
    """Numbers of a table: of each row named the one cell under the header named, or its total."""
    if _is_money(reading.text):
        return
    found: dict[str, list[Crossing]] = {}
    for cell in crossings(reading, question):
        if re.fullmatch(r"[-\u2212]?\d[\d.,]*\s?%?", cell.text.strip()):
            found.setdefault(cell.row, []).append(cell)
    asked = _places(question)
    for row, cells in found.items():
        totals = [cell for cell in cells if _TOTAL.search(cell.header)]
        one = cells if len(cells) == 1 else totals
        amounts = find_amounts(one[0].text) if len(one) == 1 else []
        line = next((line for line in reading.lines if one and line.text == one[0].text), None)
        if amounts and line is not None:
            said = [asked[word] for word in stems(row) if word in asked]
            name = f"{row} {one[0].header}".strip()
            yield Term(
                name, amounts[0].value, one[0].text, one[0].box, line, asked_at=min(said, default=0)
            )


def _term(part: _Part, question: str, place: int) -> Term:
    return Term(
        part.words or part.amount.text,
        part.amount.value,
        part.amount.text,
        part.box,
        part.line,
        count=_count(question, place),
        asked_at=place,
        quantity=part.quantity,
    )


def _of_concepts(sheet: Sheet, question: str) -> Iterator[Term]:
    """Labelled sums of money that the question calls by a word of its own, such as "tax"."""
    for mention in mentions(question):
        if mention.concept.kind != "amount" or mention.concept.name in _ANY_PRICE:
            continue
        for value in find_field(sheet, mention.concept)[:1]:
            if isinstance(value.plain, Decimal):
                yield Term(
                    mention.words,
                    value.plain,
                    value.text,
                    value.box,
                    value.lines[0],
                    asked_at=mention.start,
                    concept=mention.concept.name,
                )


def _parts(reading: Reading, sheet: Sheet) -> Iterator[_Part]:
    bars = chart_values(reading)
    if bars:
        for bar in bars:
            for amount in find_amounts(bar.value)[:1]:
                yield _Part(bar.category, amount, bar.line, bar.line.box)
        return
    items = [item for item in bill_items(sheet) if not _is_money(item.values["description"])]
    told = {id(line) for item in items for line in item.lines}
    for item in items:
        yield from _of_item(item)
    for table in () if items else reading.tables:
        yield from _of_table(table, sheet)
        told |= {id(line) for line in _inside(sheet, table.box)}
    for row in sheet.rows:
        lines = [line for line in row if id(line) not in told]
        if lines:
            yield from _of_row(lines)


def _of_item(item: Item) -> Iterator[_Part]:
    amounts = find_amounts(item.values["amount"])
    counts = find_amounts(item.values.get("quantity", ""))
    if amounts:
        holder = next((one for one in item.lines if amounts[0].text in one.text), item.lines[0])
        lone = [line.text for line in item.lines if re.fullmatch(r"\d{1,2}", line.text.strip())]
        quantity = counts[0].value if counts else Decimal(lone[0]) if len(lone) == 1 else None
        words = item.values["description"]
        yield _Part(words, amounts[0], holder, around(tuple(item.lines)), quantity)


def _of_row(row: Sequence[TextLine]) -> Iterator[_Part]:
    """The amounts of a row; one that ends in several numbers keeps the last, its sum."""
    text = _MARKER.sub("", _CLOCK.sub(" ", " ".join(line.text for line in row)))
    for piece in _PARTS.split(text) if len(row) == 1 else [text]:
        undated = without_dates(piece)
        amounts = [one for one in find_amounts(undated) if not one.is_percent]
        money = [one for one in amounts if one.has_cents or one.currency]
        money = money or [one for one in amounts if undated.rstrip(" .").endswith(one.text)]
        if not money:
            continue
        last = money[-1]
        words = piece.replace(last.text, " ")
        counts = [one.value for one in amounts if one is not last and _is_count(one)]
        holder = next((line for line in row if last.text in line.text), row[-1])
        quantity = counts[-1] if len(row) > 1 and len(counts) == 1 else None
        if quantity is not None and not any(_bare(line.text, quantity) for line in row):
            quantity = None
        yield _Part(_clean(words, quantity), last, holder, holder.box, quantity)


def _of_table(table: Table, sheet: Sheet) -> Iterator[_Part]:
    """The last sum of money of each row of a table, named by its first words."""
    for at in range(table.rows):
        cells = [cell for cell in table.cells if cell.row == at]
        name = next((cell for cell in cells if _NAME.search(cell.text)), None)
        if name is None:
            continue
        priced = [
            (amount, cell.box)
            for cell in cells
            for amount in find_amounts(without_dates(cell.text))[:1]
            if not amount.is_percent
            and (amount.has_cents or amount.currency)
            and cell is not name
            and cell.box is not None
        ]
        for amount, box in priced[-1:]:
            line = next((one for one in _inside(sheet, box) if amount.text in one.text), None)
            if line is not None:
                yield _Part(name.text, amount, line, box)


def _inside(sheet: Sheet, box: Box) -> list[TextLine]:
    """The lines whose middle lies in a box."""
    return [
        line
        for line in sheet.lines
        if box.left <= (line.box.left + line.box.right) / 2 <= box.right
        and box.top <= (line.box.top + line.box.bottom) / 2 <= box.bottom
    ]


def _named(parts: Sequence[_Part], question: str) -> Iterator[tuple[_Part, int]]:
    """Parts with a word of their own that the question says, and where it says it."""
    words = [_words(part.words) for part in parts]
    seen = Counter(word for own in words for word in own)
    asked = _places(question)
    for part, own in zip(parts, words, strict=True):
        said = [asked[word] for word in own if word in asked]
        if said and (
            len(said) == len(own) or any(seen[word] == 1 and word in asked for word in own)
        ):
            yield part, min(said)


def _words(text: str) -> frozenset[str]:
    """The words of a part; of Chinese ones the whole run, and no numbers."""
    bare = re.sub(r"[(（].*?[)）]", " ", text)
    return frozenset(word for word in stems(bare) if not word[0].isdigit()) - _ASKING


def _places(question: str) -> "_Places":
    return _Places(question)


class _Places:
    """Where a question says a word, its ending aside; a Chinese one anywhere in a run."""

    def __init__(self, question: str) -> None:
        self._folded = fold(question)
        self._at: dict[str, int] = {}
        for match in re.finditer(r"[^\W\d_]+", self._folded):
            for word in stems(match[0]):
                self._at.setdefault(word, match.start())

    def __contains__(self, word: str) -> bool:
        return word in self._at or (bool(_HAN.fullmatch(word)) and word in self._folded)

    def __getitem__(self, word: str) -> int:
        return self._at[word] if word in self._at else self._folded.index(word)


def _count(question: str, place: int) -> int:
    """How many of a thing the question wants: `two Arctic White`, `3 x tea`, `两杯豆浆`."""
    match = _TIMES.search(fold(question)[:place]) if place > 0 else None
    if match is None:
        return 1
    return int(match["digits"]) if match["digits"] else COUNTS[match["word"]]


def _is_money(text: str) -> bool:
    return any(amount.currency for amount in find_amounts(text))


def _is_count(amount: Amount) -> bool:
    value = amount.value
    return not amount.has_cents and amount.currency is None and 0 < value < 1000


def _bare(text: str, quantity: Decimal) -> bool:
    return re.fullmatch(rf"\W*{quantity}\s*[x×]?\W*", text.strip()) is not None


def _clean(words: str, quantity: Decimal | None) -> str:
    text = re.sub(rf"(?<!\S){quantity}(?!\S)", " ", words) if quantity is not None else words
    return re.sub(r"\s+", " ", text).strip(" :：-–=.")
