"""What becomes of a printed value: the form, the kind and the limits that a schema wants."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from qwen_vision.engines.embedded.facts import Reading

if TYPE_CHECKING:
    from tests.engines.embedded.documents.conftest import Fill

LayOut = Callable[..., Reading]
TEXT = {"type": ["string", "null"]}


@pytest.mark.parametrize(
    ("printed", "name", "rules", "wanted"),
    [
        ("Total: 1.250,00", "total", {"pattern": r"^\d+\.\d{2}$"}, "1250.00"),
        ("Total: 1.250,00", "total", {"pattern": r"^\d,\d{3}\.\d{2}$"}, "1,250.00"),
        ("Total: 1,250.50", "total", {"pattern": r"^\d{6}$"}, "125050"),
        ("Date: 5 March 2025", "date", {"pattern": r"^\d{2}/\d{2}/\d{4}$"}, "05/03/2025"),
        ("Date: 5 March 2025", "date", {"pattern": r"^\d{8}$"}, "20250305"),
        ("Date: 5 March 2025", "date", {"description": "as YYYY-MM-DD"}, "2025-03-05"),
        ("Date: 5 March 2025", "date", {"pattern": "^[a-z]$"}, None),
        ("Date: 5 March 2025 14:30", "date", {"format": "date-time"}, "2025-03-05T14:30:00Z"),
        ("Date: 5 March 2025", "date", {"format": "date-time"}, "2025-03-05T00:00:00Z"),
        ("Pickup date: soon", "pickup_date", {"format": "date"}, None),
        ("Due date: 3 June 2025", "due", {"format": "date"}, "2025-06-03"),
        ("Time: 3:05 PM", "time", {"format": "time"}, "15:05:00"),
        ("Time: 09:41:07", "time", {"format": "time"}, "09:41:07"),
        ("Opens: late", "opens", {"format": "time"}, None),
        ("Phone: 020 7946 0018", "phone", {"pattern": "^[0-9]{11}$"}, "02079460018"),
        ("Serial number: ab 12-c", "serial_number", {"pattern": "^[A-Z0-9]+$"}, "AB12C"),
    ],
)
def test_a_value_is_written_as_the_schema_wants(
    lay_out: LayOut, fill: "Fill", *, printed: str, name: str, rules: dict[str, str], wanted: str
) -> None:
    assert fill(lay_out(printed), {name: {**TEXT, **rules}}) == {name: wanted}


@pytest.mark.parametrize(
    ("printed", "rules", "wanted"),
    [
        ("Points: 12", {"type": "integer"}, 12),
        ("Points: 12.5", {"type": ["integer", "null"]}, None),
        ("Points: 12.5", {"type": "number"}, 12.5),
        ("Points: 12", {"const": 12}, 12),
        ("Points: 12", {"type": "number", "maximum": 10, "minimum": 4}, 4),
        ("Points: 12", {"type": "integer", "exclusiveMinimum": 20}, 21),
        ("Points: 12", {"type": "number", "maximum": -2}, -2),
        ("Points: none", {"type": ["number", "null"]}, None),
        ("Points: high", {"enum": ["high", "low", None]}, "high"),
        ("Points: middling", {"enum": ["high", "low", "unknown"]}, "unknown"),
        ("Points: middling", {"enum": ["high", "low"]}, "high"),
        ("Points: high", {"enum": [1, 2, None]}, None),
        ("Points: 2", {"enum": [1, 2, None]}, 2),
        ("Score: a few", {"type": "boolean"}, False),
        ("Score: a few", {"type": "array", "items": {"type": "number"}}, []),
    ],
)
def test_a_number_or_an_option_fits_or_the_emptiest_value_stands_for_it(
    lay_out: LayOut, fill: "Fill", *, printed: str, rules: dict[str, Any], wanted: object
) -> None:
    asked = {"type": "object", "properties": {"points": rules}, "required": ["points"]}
    assert fill(lay_out(printed), {"game": asked}) == {"game": {"points": wanted}}


@pytest.mark.parametrize(
    ("texts", "asked", "wanted"),
    [
        (("Licence: ☐ Yes ☒ No",), {"type": ["boolean", "null"]}, False),
        (("Licence: [x] yes [ ] no",), {"type": ["boolean", "null"]}, True),
        (("Licence: ( ) yes (x) no",), {"type": ["boolean", "null"]}, False),
        (("Licence: Yes No",), {"type": ["boolean", "null"]}, None),
        (("Licence: ☑ Car ☐ Truck",), {"enum": ["car", "truck", None]}, "car"),
        (("Licence: car, truck",), {"enum": ["car", "truck", None]}, None),
        (("Licence", "Kind: credit card"), {"enum": ["card", "credit card", None]}, "credit card"),
        (("A truck was seen",), {"enum": ["car", "truck", None]}, "truck"),
    ],
)
def test_a_tick_tells_which_of_the_options_is_meant(
    lay_out: LayOut, fill: "Fill", *, texts: tuple[str, ...], asked: dict[str, Any], wanted: object
) -> None:
    assert fill(lay_out(*texts), {"licence": asked}) == {"licence": wanted}


def test_options_in_separate_pieces_of_a_row_are_an_offer(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out([(20, "Allergies:"), (300, "None Penicillin"), (600, "Latex")])
    asked = {"enum": ["None", "Penicillin", "Latex", None]}
    assert fill(page, {"allergies": asked}) == {"allergies": None}


@pytest.mark.parametrize(
    ("text", "name", "kind", "wanted"),
    [
        ("A late fee of $75.00 applies after five days.", "late_fee", "number", 75),
        ("Pay to Sort code 20-11-43, Account 50338812.", "sort_code", "string", "20-11-43"),
        ("Pay to Sort code 20-11-43, Account 50338812.", "account_number", "string", "50338812"),
        ("4. Notice. Notice period: 60 days", "notice_period", "string", "60 days"),
        ("The excess of £250.00 is yours to pay.", "excess", "number", 250),
        ("An excess 250 was named.", "excess", "number", None),
        ("The lease begins on July 1, 2025.", "lease_start_date", "date", "2025-07-01"),
        ("It starts on 1 May 2025 and ends on 3 May 2025.", "end_date", "date", "2025-05-03"),
        ("Payment due May 9, 2025", "due_date", "date", "2025-05-09"),
        ("Pay period: 07/01/2025 - 07/15/2025", "period_start", "date", "2025-07-01"),
        ("Statement period: 1 Jan 2025 to 31 Jan 2025", "statement_end", "date", "2025-01-31"),
        ("Seen on 1 Jan 2025, 31 Jan 2025", "period_end", "date", None),
        ("Number SH20250915-02 of the list", "date", "date", None),
    ],
)
def test_a_sentence_says_a_value_in_its_middle(
    lay_out: LayOut, fill: "Fill", *, text: str, name: str, kind: str, wanted: object
) -> None:
    rules = {**TEXT, "format": "date"} if kind == "date" else {"type": [kind, "null"]}
    assert fill(lay_out(text), {name: rules}) == {name: wanted}


def test_of_several_periods_the_one_called_so_is_meant(lay_out: LayOut, fill: "Fill") -> None:
    trips = ("Oslo 1 May 2025 - 3 May 2025", "Porto 5 May 2025 - 9 May 2025")
    asked = {"period_start": {**TEXT, "format": "date"}}
    assert fill(lay_out(*trips), asked) == {"period_start": None}
    named = lay_out(*trips, "Billing period: 2 May 2025 - 8 May 2025")
    assert fill(named, asked) == {"period_start": "2025-05-02"}


def test_a_printed_code_tells_a_currency_and_a_shared_mark_does_not(
    lay_out: LayOut, fill: "Fill"
) -> None:
    page = lay_out([(20, "Hosting"), (600, "$39.00")], "TOTAL AUD $39.00")
    assert fill(page, {"currency": TEXT}) == {"currency": "AUD"}


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (("☑ Send the newsletter",), True),
        (("☐ Send the newsletter",), False),
        (("[ ] Send the newsletter",), False),
        (("Volunteer registration form", "Send the newsletter"), None),
        (("Other ways", "☐ By post", "Send the newsletter"), None),
        (("Send the newsletter",), True),
    ],
)
def test_a_form_says_yes_only_with_a_tick(
    lay_out: LayOut, fill: "Fill", *, texts: tuple[str, ...], wanted: object
) -> None:
    asked = {"send_the_newsletter": {"type": ["boolean", "null"]}}
    assert fill(lay_out(*texts), asked) == {"send_the_newsletter": wanted}


def test_a_column_of_yes_and_no_fills_booleans(lay_out: LayOut, fill: "Fill") -> None:
    page = lay_out(
        [(20, "Part"), (300, "Stock"), (500, "Fragile")],
        [(20, "Vase"), (300, "4"), (500, "Yes")],
        [(20, "Rope"), (300, "9"), (500, "No")],
        [(20, "Crate"), (300, "2"), (500, "some")],
    )
    row = {
        "type": "object",
        "properties": {
            "part": TEXT,
            "stock": {"type": "integer"},
            "fragile": {"type": ["boolean", "null"]},
        },
    }
    told = fill(page, {"parts": {"type": "array", "items": row}})["parts"]
    assert [(one["part"], one["fragile"]) for one in told] == [
        ("Vase", True),
        ("Rope", False),
        ("Crate", None),
    ]


def test_a_value_over_its_label_is_taken_where_none_is_under_it(
    lay_out: LayOut, fill: "Fill"
) -> None:
    asked = {"date": {**TEXT, "format": "date"}}
    page = lay_out([(20, "14 May 2025")], [(20, "Date")], [], [], [], [(20, "Signed by Ada")])
    assert fill(page, asked) == {"date": "2025-05-14"}
    nearer = lay_out("3 June 2025", [], "Date", "14 May 2025")
    assert fill(nearer, asked) == {"date": "2025-05-14"}
