"""Parties: who issued a document and where they sit."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from qwen_vision.engines.embedded.documents.blocks import (
    Block,
    Role,
    headed,
    is_dialled,
    is_postal,
    joined,
    place_only,
    standing_alone,
)
from qwen_vision.engines.embedded.documents.concepts import concepts, is_label
from qwen_vision.engines.embedded.documents.contracts import defined_parties
from qwen_vision.engines.embedded.documents.dates import find_dates
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.labelled import labelled
from qwen_vision.engines.embedded.documents.sheet import Sheet, height
from qwen_vision.engines.embedded.documents.take import take
from qwen_vision.engines.embedded.documents.titles import is_title
from qwen_vision.engines.embedded.facts import TextLine

_LEGAL: Final = re.compile(
    r"\b(?:sdn\.? ?bhd|bhd|ltd|limited|inc|llc|llp|plc|corp|corporation|gmbh|ag|kg|b\.?v|n\.?v|"
    r"s\.?a|"
    r"s\.?r\.?l|s\.?p\.?a|pte|pty|oy|ab|a/s|co)\b\.?|有限公司|股份公司|集团|株式会社|公司$",
    re.IGNORECASE,
)
_TRADE: Final = re.compile(
    r"\b(?:enterprises?|trading|restaurant|restoran|store|stores|shop|mart|market|supermarket|cafe|"
    r"coffee|bakery|pharmacy|hotel|resort|hardware|stationery|books?|gifts?|deco|motors?|services?|"
    r"industries|group|bank|kitchen|foods?|holdings?|centre|center|house|"
    r"association|society|university|college|school|clinic|hospital|agency|council|foundation|"
    r"institute|library|museum|studio|associates|partners|works|supply|labs?|atelier|petrol(?:eum)?|petro|station|fuel|oil|garage|pizzeria|bistro|grill|diner|"
    r"salon|photography|studios?|insurance|assurances?|versicherung\w*|roofing|parking|rentals?|logistics|electric|energy|telecom|market|"
    r"architects?|merchants?|b[äa]ckerei|metzgerei|apotheke|gasthaus|gartenbau|elektro|boulangerie|"
    r"pharmacie|librairie|imprimerie|panader[ií]a|farmacia|bodegas?|taberna|restaurante|trattoria|"
    r"ristorante|markt|winkel|tienda|supermercado|superm[ae]r\w+)\b"
    r"|超市|商店|酒店|餐厅|饭店|药房|商行|便利店|银行|医院|[店馆楼坊轩厅厂][)）]?$",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(
    r"\b(?:no\.? ?\d|lot ?\d|jalan|jln|jl|lorong|taman|street|st|road|rd|avenue|ave|lane|drive|"
    r"dr|blvd|"
    r"boulevard|floor|suite|unit|block|blk|site|building|plaza|kampung|kawasan|bandar|square|court|way|"
    r"parade|row|close|crescent|terrace|gardens|mews|quay|wharf|calle|plaza|avenida|platz|allee|"
    r"gasse|damm|ufer|laan|plein|viale|piazza|corso|chemin|"
    r"straat|strasse|stra(?:ß|ss)e|weg|rue|via|p\.?o\.? box)\b|straße|"
    r"\wstr\. ?\d|路|街|号|区|市|省|"
    r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\b[A-Z]\d[A-Z] ?\d[A-Z]\d\b|"
    r"\b\d{5}(?!\d)|\b\d{4} [A-Z]{2}\b|^[A-Z][a-zà-ÿ]+(?: [A-Za-z]+)? \d{1,4}[a-z]?$",
    re.IGNORECASE,
)
# "6 Station Parade" is a street, though a station is a trade.
_HOUSE: Final = re.compile(
    r"^\d{1,4}[a-z]?,? .*\b(?:street|st|road|rd|avenue|ave|lane|drive|dr|boulevard|blvd|way|court|"
    r"square|parade|row|close|crescent|terrace|gardens|mews|quay|place)\b\.?,?$",
    re.IGNORECASE,
)
_END: Final = re.compile(
    r"\b(?:tel|phone|fax|gst|vat|tax|reg|invoice|receipt|date|cash|email|e-mail|www|h/p|hp|telephone|"
    r"company no|co\. ?reg|bill|website|cashier|roc|ssm|slip)\b|@|电话|传真|税号|发票|日期",
    re.IGNORECASE,
)
_BANK: Final = re.compile(
    r"\b(?:bank|banque|banco|banca|sparkasse|volksbank|credit union|building society)\b|bank$|银行",
    re.IGNORECASE,
)
_KEPT: Final = 64
# "Name, Street 1, 12345 Town" in small letters over the address of a letter.
_SENDER: Final = re.compile(r"(?P<name>[^,\d]{4,40}), ?[^,]*\d[^,]*, ?[^,]*\d{4,}[^,]*$")
_AFTER_NAME: Final = re.compile(
    r"\s+[-–·|•]\s+|(?<=\w)\s*[·•|]\s*|(?:(?<=\bLtd)|(?<=\bInc)|(?<=\bGmbH)|(?<=\bLLC)),\s?"
)
# A price beside words makes them an item.
_PRICED: Final = re.compile(r"[$€£¥]\s?\d|\d[.,]\d{2}(?:\s?[€$£])?$")
_REACHED: Final = re.compile(r"(?i)[.,;]?\s*\b(?:tel|phone|fax|e-?mail)\b")
_ADDRESSED: Final = re.compile(r"\W*(?:Mr|Mrs|Ms|Miss|Herrn?|Frau|Firma|Mme|Mlle|Sra?|Dhr|Mevr)\b")
_SALUTED: Final = re.compile(r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herrn?|Frau|Mme|Mlle|Sra?|Sig|Dhr|Mevr)\b")
_PERSON: Final = re.compile(r"[A-ZÀ-Þ][\w.'-]+(?: [A-ZÀ-Þ][\w.'-]*){1,3}")
# Whom a Japanese letter is for.
_HONOURED: Final = re.compile(r"(?:御中|様|殿)\s*$")
# "From" stands before places as often as before senders.
# A name wrapped into two lines is set so much larger than the rest.
_TITLE_HEIGHT: Final = 1.3
_FROM: Final = re.compile(r"(?i)^\W*from\b")
_LABELLED: Final = re.compile(r"[^\W\d_][:：]\s*\S")
_BANK_WORDS: Final = 4
# What is longer is a sentence.
_NAME_WORDS: Final = 9
_OTHERS: Final[tuple[Role, ...]] = ("customer", "recipient")
_PLACE: Final = re.compile(r"^[(A-Z][A-Za-z .,'()-]{2,}$")


def find_company(sheet: Sheet) -> list[Found]:
    """Who issued the document, best first.

    A labelled seller wins. Otherwise the name is looked for in the first lines: legal
    suffixes (Ltd, Sdn Bhd, GmbH, 有限公司), words of trade, height of the letters and an
    address right under it speak for a line; digits, dates and document titles against it.
    """
    return list(_companies(sheet))


@lru_cache(maxsize=_KEPT)
def _companies(sheet: Sheet) -> tuple[Found, ...]:
    others = _lines_of_others(sheet)
    sellers = [(block, block.named) for block in headed(sheet, "seller")]
    named = defined_parties(sheet, "seller")
    named += [
        Found(name[0], name[0], (name[1],), "named under its heading", block.heading)
        for block, name in sellers
        if name is not None and _is_name(name[0])
    ]
    named += [
        value
        for value in labelled(sheet, concepts()["company"])
        if _is_name(value.text)
        and not any(id(line) in others for line in value.lines)
        and (is_business(value.text) or not _FROM.match(value.label.text if value.label else ""))
    ]
    return (*named, *_guessed(sheet, others))


def _guessed(sheet: Sheet, others: set[int]) -> Iterator[Found]:
    """Lines of the head of a page that may be the issuer's name, best first."""
    scored = [
        (score, -index, line)
        for index, line in enumerate(sheet.lines)
        if id(line) not in others
        and (score := _name_score(sheet, index, line)) > 0
        # The head of a grid names what stands under it.
        and (is_business(line.text) or sheet.value_under(line) is None)
    ]
    # Of two addresses the one with a phone number or an e-mail address is the issuer's.
    alone = standing_alone(sheet)
    unreached = {
        id(line)
        for block in alone
        if any(other.is_reached for other in alone) and not block.is_reached
        for line in block.lines
    }
    scored.sort(key=lambda one: (id(one[2]) not in unreached, *one[:2]), reverse=True)
    heads = _heads_of(alone)
    for _, _, line in scored:
        yield _fuller(sheet, line if is_business(line.text) else heads.get(id(line), line))


def _lines_of_others(sheet: Sheet) -> set[int]:
    """The lines of those who are named as customers: they are never the issuer."""
    named = {
        id(line)
        for role in _OTHERS
        for block in headed(sheet, role)
        for line in (*block.lines, block.heading)
    }
    honoured = {id(line) for line in sheet.lines if _HONOURED.search(line.text)}
    # Nor is who is addressed as "Herrn" or "Mrs" over an address.
    saluted = {
        id(line)
        for block in standing_alone(sheet)
        if _ADDRESSED.match(block.lines[0].text)
        for line in block.lines
    }
    return named | honoured | saluted


def _heads_of(blocks: Sequence[Block]) -> dict[int, TextLine]:
    """For each line of an address under a person's name, the line of the name."""
    named = [(block, name[1]) for block in blocks if (name := block.named) is not None]
    return {
        id(line): head
        for block, head in named
        if _PERSON.fullmatch(head.text.strip()) and _is_name(head.text)
        for line in block.lines
    }


def _fuller(sheet: Sheet, line: TextLine) -> Found:
    """A name at the head of a page, as the line under a logo says it in full, or of two lines."""
    why = "a name at the head of the page"
    text = _trim(line.text)
    under = next(iter(sheet.below(line)), None)
    if under is not None and under.text.startswith(f"{text} ") and not is_title(under.text):
        return Found(_trim(under.text), _trim(under.text), (line, under), why, rank=1)
    # The foot of a letter names the company behind a logo.
    foot = next((one for one in sheet.lines if one.text.startswith(f"{text} ")), None)
    if foot is not None and _LEGAL.search(_trim(foot.text)):
        return Found(_trim(foot.text), _trim(foot.text), (foot,), "the name under the page", rank=1)
    tall = height(line)
    for other in (*sheet.above(line)[:1], *sheet.below(line)[:1]):
        flush = abs(other.box.left - line.box.left) < 0.3 * tall
        alike = abs(height(other) - tall) < 0.15 * tall and _is_name(other.text)
        if flush and alike and tall > _TITLE_HEIGHT * sheet.line_height:
            first, second = sorted((line, other), key=lambda one: one.box.top)
            both = f"{first.text.strip()} {_trim(second.text)}"
            return Found(both, both, (first, second), why, rank=1)
    return Found(text, text, (line,), why, rank=1)


def find_bank(sheet: Sheet) -> list[Found]:
    """The labelled bank, else a short line that reads as the name of one."""
    named = [value for value in labelled(sheet, concepts()["bank"]) if _is_name(value.text)]
    told = [
        Found(line.text, line.text, (line,), "a line that reads as the name of a bank", rank=1)
        for line in sheet.lines
        if _BANK.search(line.text) and len(line.text.split()) <= _BANK_WORDS and _is_name(line.text)
    ]
    return named + told[:1]


def find_address(sheet: Sheet) -> list[Found]:
    """The issuer's address: a labelled one, else the address lines under the company's name."""
    named = [
        replace(value, text=text, plain=text)
        for value in labelled(sheet, concepts()["address"])
        if (text := value.text) and re.search(r"\d|[\u3400-\u9fff]", text)
    ]
    company = next(iter(find_company(sheet)), None)
    if company is None:
        return named
    block = _own_block(sheet, company)
    beside = _beside_name(company)
    under = () if beside else _under(sheet, company.lines[-1])
    if under and _is_anothers(sheet, under[0], company):
        under = ()
    if block is not None and (
        block.heading is not None
        or {id(line) for line in under} <= {id(line) for line in block.lines}
    ):
        under = block.address
    if not under:
        named = [*beside, *named, *_only_address(sheet)]
    if not under or (named and not is_business(company.text)):
        return named
    text = joined(under)
    return [Found(text, text, tuple(under), "the lines under the company's name", rank=1), *named]


def _is_anothers(sheet: Sheet, line: TextLine, company: Found) -> bool:
    """Whether a line of an address is a customer's: by a heading, or of a person written to."""
    if any(line in block.lines for role in _OTHERS for block in headed(sheet, role)):
        return True
    for block in standing_alone(sheet):
        name = block.named
        lines = {id(one) for one in block.lines}
        if name is None or id(line) not in lines or id(name[1]) == id(line):
            continue
        if not any(id(one) in lines for one in company.lines):
            saluted = _SALUTED.match(name[0]) or _ADDRESSED.match(block.lines[0].text)
            return bool(saluted) and not _alike(name[0], company.text)
    return False


def _only_address(sheet: Sheet) -> list[Found]:
    """The one address of a page that names no other party, as on a business card."""
    blocks = [block for block in standing_alone(sheet) if block.address]
    if len(blocks) != 1 or blocks[0].named is not None:
        return []
    lines = blocks[0].address
    return [Found(joined(lines), joined(lines), lines, "the only address on the page", rank=2)]


def _own_block(sheet: Sheet, company: Found) -> Block | None:
    """The address block that begins with the company's name, under a heading or alone."""
    for block in (*headed(sheet, "seller"), *standing_alone(sheet)):
        name = block.named
        if name is not None and block.address and _alike(name[0], company.text):
            return block
    return None


def _alike(one: str, other: str) -> bool:
    plain = [re.sub(r"\W", "", text).lower() for text in (one, other)]
    return bool(plain[0]) and bool(plain[1]) and (plain[0] in plain[1] or plain[1] in plain[0])


def is_business(text: str) -> bool:
    """Whether a name ends as those of companies do, or says a trade."""
    return bool(_LEGAL.search(text) or _TRADE.search(text))


def is_place(text: str) -> bool:
    """Whether a text holds the words of an address."""
    return bool(_ADDRESS.search(text))


def _name_score(sheet: Sheet, index: int, line: TextLine) -> float:
    text = line.text.strip()
    if not _is_name(text):
        return 0.0
    sender = _SENDER.match(text)
    if sender is None and is_postal(text) and not _LEGAL.search(text):
        return 0.0
    text = sender["name"] if sender is not None else text
    early = max(0.0, 2.0 - 0.25 * index)
    legal = 3.0 if _LEGAL.search(text) else 0.0
    if index > 12 and not legal:
        return 0.0
    trade = 1.5 if _TRADE.search(text) else 0.0
    tall = min(height(line) / (sheet.line_height or 1.0) - 1.0, 1.0)
    case = 0.5 if text.upper() == text else (-1.5 if text[:1].islower() else 0.0)
    follows = 1.0 if any(_ADDRESS.search(other.text) for other in sheet.below(line)[:2]) else 0.0
    long = -2.0 if len(text) > 60 else 0.0
    digits = -1.5 if re.search(r"\d{3}", text) else 0.0
    digits = -3.0 if re.search(r"#\s?\d", text) else digits
    late = -1.0 if index > 12 else 0.0
    street = -3.0 if _ADDRESS.search(text) and not (legal or trade) else 0.0
    above = sheet.lines[index - 1] if index else None
    goes_on = above is not None and _ADDRESS.search(above.text) and not legal
    street = -3.0 if goes_on or _HOUSE.match(text) else street
    # "Owner: Ada Lovelace" says what it is, and a company is named without a label.
    street = -3.0 if _LABELLED.search(text) else street
    return sum((0.5, early, legal, trade, tall, case, follows, long, digits, late, street))


def _is_name(text: str) -> bool:
    if len(_trim(text).split()) > _NAME_WORDS:
        return False
    if is_label(text) or len(re.findall(r"[^\W\d_]", text)) < 2 or is_title(text):
        return False
    if find_dates(text) or take(text, "email") or text.rstrip().endswith((":", "：")):
        return False
    if re.match(r"(?i)\W*(?:no|lot|tel|fax|gst|www|date|page)\b[ .:]*\d?", text):
        return False
    amount = take(text, "amount")
    return amount is None or not (amount.pure or _PRICED.search(text))


def _trim(text: str) -> str:
    """The name without the address that a sender line carries: `Name AG - Street 1 - City`."""
    sender = _SENDER.match(text.strip())
    if sender is not None:
        return sender["name"]
    head = _AFTER_NAME.split(text.strip(), maxsplit=1)
    return head[0].strip(" ,;:*") if len(head) > 1 and len(head[0]) > 3 else text.strip(" ,;:*")


def _beside_name(company: Found) -> list[Found]:
    """The address of a sender line: `Name AG - Street 1 - City`."""
    whole = company.lines[0].text.strip()
    rest = place_only(whole.removeprefix(company.text).strip(" -–·|•,"))
    rest = _REACHED.split(rest, maxsplit=1)[0].strip()
    if rest == whole or not (re.search(r"\d", rest) and is_place(rest)):
        return []
    return [Found(rest, rest, company.lines, "beside the company's name", rank=1)]


def _under(sheet: Sheet, company: TextLine) -> Sequence[TextLine]:
    """Address lines below a name; a phone or registration number may stand between."""
    taken: list[TextLine] = []
    column = [line for line in sheet.lines if sheet.level(line) > sheet.level(company)]
    last, skipped = company, 0
    for line in sorted(column, key=lambda line: (sheet.row_of[id(line)], line.box.left)):
        if not _near_under(last, line, sheet=sheet):
            continue
        ends = (
            is_label(line.text)
            or _END.search(line.text)
            or is_title(line.text)
            or is_dialled(line.text)
            or _LABELLED.search(line.text)
        )
        if len(taken) == 6 or (ends and (taken or skipped == 3)):
            break
        if not ends and (_ADDRESS.search(line.text) or (taken and _PLACE.match(line.text.strip()))):
            taken.append(line)
        elif taken:
            break
        else:
            skipped += 1
        last = line
    return taken


def _near_under(upper: TextLine, lower: TextLine, *, sheet: Sheet) -> bool:
    """Whether a line goes on where the upper one ends: next row, or further right in its row."""
    gap = lower.box.top - upper.box.bottom
    overlap = min(upper.box.right, lower.box.right) - max(upper.box.left, lower.box.left)
    short = min(height(upper), height(lower))
    same_row = abs(sheet.level(upper) - sheet.level(lower)) < 0.5 * short
    if same_row:
        return 0 < lower.box.left - upper.box.right < 8 * height(upper)
    return gap < 3 * sheet.line_height and overlap > 0
