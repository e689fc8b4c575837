"""Bills: the date and the total of a paper that says it is one."""

from typing import Final

from qwen_vision.engines.embedded.documents.concepts import concepts
from qwen_vision.engines.embedded.documents.fields import find_field
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.kinds import document_words
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.facts import Reading

_BILLS: Final = ("a receipt", "an invoice", "a credit note", "a quotation", "a purchase order")


def bill_facts(reading: Reading) -> dict[str, Found]:
    """What a bill prints as its `date` and `total`, as far as found; empty for other papers."""
    if document_words(reading) not in _BILLS:
        return {}
    sheet = Sheet.of(reading)
    found = {name: find_field(sheet, concepts()[name])[:1] for name in ("date", "total")}
    return {name: values[0] for name, values in found.items() if values}
