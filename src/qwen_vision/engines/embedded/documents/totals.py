"""The total of a bill: by label, by place, and by the arithmetic printed around it."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from qwen_vision.engines.embedded.documents.concepts import concepts, fold
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.labelled import labelled
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.documents.take import take

_CENT: Final = Decimal("0.01")


def find_total(sheet: Sheet) -> list[Found]:
    """Candidates for the amount to pay, best first.

    The best label wins; among equal labels a candidate that the bill's own arithmetic
    confirms (cash less change, subtotal and rounding), then the last one on the page. A
    bill with no label for its total shows it as the payment less the change.
    """
    known = concepts()
    found = [value for value in labelled(sheet, known["total"]) if _number(value) is not None]
    paid = _first(sheet, "cash")
    change = _first(sheet, "change")
    rounding = _first(sheet, "rounding")
    settled = paid - abs(change) if paid is not None and change is not None else None
    ranked = sorted(
        found,
        key=lambda value: (
            value.rank if settled is None or _number(value) != settled else -1,
            -value.lines[0].box.top,
            # The label in the row of the sum names it, not the head of its column.
            -value.label.box.top if value.label is not None else 0.0,
        ),
    )
    adjusted = list(_after_rounding(sheet, ranked, rounding=rounding, settled=settled))
    if adjusted or ranked:
        return adjusted + ranked
    return [
        replace(value, why="the payment; no line is labelled as a total", rank=9)
        for value in labelled(sheet, known["cash"])
        if _number(value) is not None
    ]


def find_tax(sheet: Sheet) -> list[Found]:
    """Candidates for the tax, best first; a tax is less than the total."""
    total = next(iter(find_total(sheet)), None)
    most = _number(total) if total is not None else None
    found = []
    for value in labelled(sheet, concepts()["tax"]):
        number = _number(value)
        if number is not None and (most is None or abs(number) < abs(most)):
            found.append(value)
    net = _first(sheet, "subtotal")
    wanted = most - net if most is not None and net is not None else None
    if not wanted:
        return found
    right = [value for value in found if _number(value) == wanted]
    return right + (_added_up(found, wanted) or _beside_tax(sheet, wanted)) + found


def _added_up(found: list[Found], wanted: Decimal) -> list[Found]:
    """The taxes of several rates as one, when they make what the total is over the net."""
    parts = {id(value.lines[0]): value for value in found}.values()
    numbers = [number for value in parts if (number := _number(value)) is not None]
    if len(numbers) < 2 or abs(sum(numbers, Decimal(0)) - wanted) > _CENT:
        return []
    lines = tuple(line for value in parts for line in value.lines)
    return [Found(str(wanted), wanted, lines, "the taxes of all rates added up")]


def _beside_tax(sheet: Sheet, wanted: Decimal) -> list[Found]:
    """The amount by which the total is over the net, printed in a row that speaks of tax."""
    words = concepts()["tax"].labels
    return [
        Found(taken.text, taken.plain, (line,), "the total less the net, beside the word tax")
        for row in sheet.rows
        if any(label.search(fold(other.text)) for other in row for label in words)
        for line in row
        if (taken := take(line.text, "amount")) is not None and taken.plain == wanted
    ]


def find_tax_rate(sheet: Sheet) -> list[Found]:
    """The rates printed beside the words for tax, in the order of the page."""
    known = concepts()
    words = [*known["tax"].labels, *known["tax_rate"].labels]
    found = [
        Found(taken.text, taken.plain, (line,), "the rate beside the tax", line)
        for line in sheet.lines
        if (taken := take(line.text, "percent")) is not None
        and any(label.search(fold(line.text)) for label in words)
    ]
    return labelled(sheet, known["tax_rate"]) + found


def find_subtotal(sheet: Sheet) -> list[Found]:
    """Candidates for the amount before tax, best first.

    One that makes the total with the tax wins; then the last above the total, because
    sections of a bill have subtotals of their own.
    """
    total = next(iter(find_total(sheet)), None)
    wanted = _number(total) if total is not None else None
    tax = _first(sheet, "tax")
    found = [
        value for value in labelled(sheet, concepts()["subtotal"]) if _number(value) is not None
    ]

    def fits(value: Found) -> bool:
        number = _number(value)
        if number is None or wanted is None or tax is None:
            return False
        return abs(number + tax - wanted) <= _CENT

    return sorted(found, key=lambda value: (not fits(value), value.rank, -value.lines[0].box.top))


def _after_rounding(
    sheet: Sheet, ranked: list[Found], *, rounding: Decimal | None, settled: Decimal | None
) -> Iterator[Found]:
    """A printed amount that is the best total plus the rounding, or the cash less the change."""
    if not ranked:
        return
    best = _number(ranked[0])
    wanted = {settled}
    if rounding and best is not None:
        wanted.add(best + rounding)
    wanted.discard(None)
    if best in wanted or not wanted or best is None:
        return
    for line in reversed(sheet.lines):
        taken = take(line.text, "amount")
        if taken is None or not taken.pure or taken.plain not in wanted:
            continue
        if line.box.top > ranked[0].lines[0].box.top - sheet.line_height and _close(
            taken.plain, best
        ):
            yield Found(
                taken.text, taken.plain, (line,), "the total after rounding", rank=ranked[0].rank
            )
            return


def _close(value: object, best: Decimal) -> bool:
    return isinstance(value, Decimal) and abs(value - best) <= _CENT * 10


def _first(sheet: Sheet, name: str) -> Decimal | None:
    for value in labelled(sheet, concepts()[name]):
        number = _number(value)
        if number is not None:
            return number
    return None


def _number(value: Found) -> Decimal | None:
    return value.plain if isinstance(value.plain, Decimal) else None
