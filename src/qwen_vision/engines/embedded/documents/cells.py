"""Cells: the cell of a table in the row and under the header that a question names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.documents.charts import chart_values
from qwen_vision.engines.embedded.documents.concepts import fold
from qwen_vision.engines.embedded.documents.dates import month_of
from qwen_vision.engines.embedded.documents.words import names, shared, stems
from qwen_vision.engines.embedded.facts import Box, Cell, Reading, Table

# What a question may call a column of prices or of counts without saying its header.
_MONEY: Final = re.compile(
    r"\bhow much\b|\bprices?\b|\bcosts?\b|\bfees?\b|多少钱|价格|价钱|单价|售价|费用", re.IGNORECASE
)
_MONEY_HEAD: Final = re.compile(
    r"price|cost|fee|rate|amount|preis|prix|precio|prezzo|价|金额|費|费", re.IGNORECASE
)
_COUNT: Final = re.compile(
    r"\bhow many\b|\bquantity\b|数量|多少(?:个|件|台|本)|几(?:个|件)", re.IGNORECASE
)
_COUNT_HEAD: Final = re.compile(
    r"q'?ty|quantity|count|stock|units?|pieces|number|menge|anzahl|数量|件数|库存", re.IGNORECASE
)
_HALF: Final = 0.5
_MOST_ROWS: Final = 4
# "What is the price of tea", "tea's price", 茶的价格是多少: what is asked of a row.
_OF_A_ROW: Final = re.compile(
    r"\b(?:what(?:'s| is| was| are| were)|tell me|give me|show me|find)\s+(?:the\s+)?"
    r"(?P<what>[^?,.]{2,40}?)\s+(?:of|for)\b|的(?P<zh>[^的，？?]{1,12}?)(?:是|为)?(?:多少|什么|几)",
    re.IGNORECASE,
)
_OF_WHAT: Final = re.compile(
    r"\bthe\s+(?P<what>[^?,.]{2,40}?)\s+(?:of|for)\s+(?:the\s+)?(?P<row>[^?,.]{2,40}?)\s*[?.]?\s*$",
    re.IGNORECASE,
)
_ANYTHING: Final = stems(
    "values numbers figures data row rows line entry record details information info whole full "
    "entire complete amount price total count quantity column contents result results"
)
# "Which city has the highest price?": what is measured.
_MEASURE: Final = re.compile(
    r"\b(?:highest|lowest|largest|smallest|biggest|greatest|fewest|least|most|maximum|minimum)\s+"
    r"(?P<what>[^?,.]{3,40}?)(?:\s+(?:of|in|on|among|for)\b.*)?\s*[?.]?\s*$",
    re.IGNORECASE,
)
_TWO_PAIRS: Final = 4
_WHEN: Final = re.compile(
    r"\bwhen (?:is|was|do|does|did|will)\b|\bwhat time\b|几点|什么时候", re.IGNORECASE
)
_DATED: Final = re.compile(
    r"(?i)\d[./-]\d{1,2}[./-]\d|\d{1,2}:\d{2}|年|月|"
    r"\d (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
)
_TIMED: Final = re.compile(
    r"(?i)\d[:：.]\d|\d{4}|\d\W?(?:[a-z]{3}|[ap]m\b|[点时月日年/])|[a-z]{3} \d|day\b|周|星期"
)
_MONTH_WORD: Final = re.compile(r"\d{1,2}月|[a-z]{3,}")


@dataclass(frozen=True, slots=True)
class Crossing:
    """A cell a question asks for: the words of its row, of its header, and what it says.

    `header` is empty in a table of labels and values.
    """

    row: str
    header: str
    text: str
    box: Box


def crossings(reading: Reading, question: str) -> list[Crossing]:
    """The cells that a question names by their row; one if it names the column as well."""
    for table in reading.tables:
        grid = {(cell.row, cell.column): cell for cell in table.cells}
        if _is_stacked(table):
            found = list(_under_heads(table, grid, question))
            if found:
                return found
            continue
        headers = _headers(table)
        first = 0 if not headers else 1
        found = [
            cell
            for row, label in _rows(table, grid, question, first=first)
            for cell in _of_row(grid, row, label, headers=headers, question=question)
        ]
        if found:
            return found
        numbered = _numbered_row(table, grid, question)
        found = _of_row(grid, *numbered, headers=headers, question=question) if numbered else []
        if len(found) == 1 and _said(found[0].header, question) >= _HALF:
            return found
    return []


def can_answer(text: str, question: str) -> bool:
    """Whether a value may answer a question: to "when" only a time or a date does."""
    return _WHEN.search(question) is None or _TIMED.search(text) is not None


def _is_stacked(table: Table) -> bool:
    """Whether rows of heads without a digit alternate with rows of values: a boarding pass."""
    figures = {cell.row for cell in table.cells if re.search(r"\d", cell.text)}
    return table.rows >= _TWO_PAIRS and figures == set(range(1, table.rows, 2))


def _under_heads(
    table: Table, grid: dict[tuple[int, int], Cell], question: str
) -> Iterator[Crossing]:
    """The values under the heads that a question says; to "when" only a time answers."""
    for head in table.cells:
        value = grid.get((head.row + 1, head.column))
        if head.row % 2 or value is None or not names(head.text, question):
            continue
        if value.text and can_answer(value.text, question):
            yield Crossing(head.text, "", value.text, value.box or table.box)


def is_exact(found: list[Crossing], question: str) -> bool:
    """Whether a question says a row and the whole header of one cell."""
    return len(found) == 1 and _said(found[0].header, question) == 1.0


def lacking(found: list[Crossing], question: str) -> str:
    """What a question asks of a row that no header of the row says; empty when one may."""
    asked = _OF_A_ROW.search(question)
    if asked is None or not any(cell.header for cell in found):
        return ""
    what = asked["what"] or asked["zh"]
    wanted = stems(what) - stems(" ".join(cell.row for cell in found))
    said = any(shared(what, cell.header) or shared(cell.header, what) for cell in found)
    kind = _MONEY.search(what) or _COUNT.search(what) or wanted & _ANYTHING
    return "" if said or kind or not wanted else what


def absent_row(reading: Reading, question: str) -> str:
    """What a question asks a whole column of, where nothing of it is printed; else empty."""
    asked = _OF_WHAT.search(question)
    if asked is None or not stems(asked["row"]) or stems(asked["row"]) & stems(reading.text):
        return ""
    for table in reading.tables:
        headers = list(_headers(table).values())[1:] if table.columns > 2 else []
        if any(fold(header).strip() == fold(asked["what"]).strip() for header in headers):
            return asked["row"].strip()
    return ""


def measured(question: str) -> str:
    """What a question about the highest or the lowest measures; empty when it says nothing."""
    found = _MEASURE.search(question)
    return found["what"] if found else ""


def unheard(reading: Reading, measure: str) -> bool:
    """Whether a table has headers and what is measured is printed nowhere in the picture."""
    if not stems(measure) or stems(measure) & _ANYTHING or _MONEY.search(measure):
        return False
    headed = any(table.columns > 2 and _headers(table) for table in reading.tables)
    return headed and not stems(measure) & stems(reading.text)


def charted(reading: Reading, question: str) -> list[Crossing]:
    """The numbers printed over the categories of a chart that a question names."""
    months = {month_of(word) for word in _MONTH_WORD.findall(fold(question))} - {None}
    return [
        Crossing(value.category, "", value.value, value.line.box)
        for value in chart_values(reading)
        if names(value.category, question) or month_of(value.category) in months
    ]


def _of_row(
    grid: dict[tuple[int, int], Cell],
    row: int,
    label: Cell,
    *,
    headers: dict[int, str],
    question: str,
) -> list[Crossing]:
    found = [
        Crossing(label.text.strip(" :："), headers.get(column, ""), cell.text, cell.box)
        for (at, column), cell in sorted(grid.items())
        if at == row and cell is not label and cell.text.strip() and cell.box is not None
    ]
    return _under_header(found, question, label=label.text)


def _headers(table: Table) -> dict[int, str]:
    """The words over each column; empty for a table of labels and values without a head."""
    top = [cell for cell in table.cells if cell.row == 0 and cell.text.strip()]
    if (
        table.rows < 2
        or len(top) < 2
        or any(cell.text.rstrip().endswith((":", "：")) for cell in top)
    ):
        return {}
    below = [cell for cell in table.cells if cell.row > 0]
    figures = any(re.search(r"\d", cell.text) for cell in top if cell.column)
    if table.columns == 2 and (figures or not any(re.search(r"\d", cell.text) for cell in below)):
        return {}
    headers: dict[int, str] = {}
    deep = any(cell.column_span > 1 for cell in top)
    for cell in table.cells:
        if cell.row <= int(deep) and cell.text.strip():
            for column in range(cell.column, cell.column + cell.column_span):
                headers[column] = f"{headers.get(column, '')} {cell.text}".strip()
    return headers


def _rows(
    table: Table, grid: dict[tuple[int, int], Cell], question: str, *, first: int
) -> list[tuple[int, Cell]]:
    """The rows whose first words the question says; of `tea` and `green tea` the longer."""
    named = [
        (row, cell)
        for row in range(first, table.rows)
        if (cell := _label(table, grid, row)) is not None and names(cell.text, question)
    ]
    return [
        (row, cell)
        for row, cell in named
        if not any(stems(cell.text) < stems(other.text) for _, other in named)
    ][:_MOST_ROWS]


def _numbered_row(
    table: Table, grid: dict[tuple[int, int], Cell], question: str
) -> tuple[int, Cell] | None:
    """The one row whose first cell is a number, a year or a time that the question says."""
    said = [
        (row, cell)
        for row in range(1, table.rows)
        if (cell := grid.get((row, 0))) is not None
        and re.search(r"\d", cell.text)
        and re.search(rf"(?<![\w.,:]){re.escape(cell.text.strip())}(?![\d.,:]*\d)", question)
    ]
    return said[0] if len(said) == 1 else None


def _label(table: Table, grid: dict[tuple[int, int], Cell], row: int) -> Cell | None:
    for column in range(min(2, table.columns)):
        cell = grid.get((row, column))
        if cell is not None and re.search(r"[^\W\d_]{2}|[\u3400-\u9fff]", cell.text):
            return cell
    return None


def _under_header(found: list[Crossing], question: str, *, label: str) -> list[Crossing]:
    if len(found) < 2:
        return found
    rest = " ".join(_without(question, label))
    scored = [(_said(cell.header, rest), cell) for cell in found]
    best = max(score for score, _ in scored)
    if best >= _HALF:
        return [cell for score, cell in scored if score == best]
    return list(_by_kind(found, question)) or found


def _said(header: str, question: str) -> float:
    """The part of a header that a question says; `May` or `No` is a header by itself."""
    alone = not stems(header) and bool(re.search(r"\w", header))
    if alone:
        return float(bool(re.search(rf"\b{re.escape(fold(header))}\b", fold(question))))
    return shared(header, question)


def _by_kind(found: list[Crossing], question: str) -> Iterator[Crossing]:
    """The one column of prices for "how much", of counts for "how many", of dates for "when"."""
    for asked, head in ((_MONEY, _MONEY_HEAD), (_COUNT, _COUNT_HEAD)):
        fitting = [cell for cell in found if head.search(cell.header)]
        if asked.search(question) and len(fitting) == 1:
            yield fitting[0]
            return
    dated = [cell for cell in found if _DATED.search(cell.text)]
    if _WHEN.search(question) and len(dated) == 1:
        yield dated[0]


def _without(question: str, label: str) -> list[str]:
    """The words of the question that are not the row's."""
    taken = stems(label)
    return [word for word in re.findall(r"\w+", question) if not stems(word) & taken]
