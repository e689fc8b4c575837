"""Blocks: the lines under a heading such as "Bill to", and the addresses that stand alone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from qwen_vision.engines.embedded.documents.concepts import fold, is_label
from qwen_vision.engines.embedded.documents.countries import is_country
from qwen_vision.engines.embedded.documents.dates import find_dates
from qwen_vision.engines.embedded.documents.sheet import Sheet, height
from qwen_vision.engines.embedded.documents.take import looks_dialled, take
from qwen_vision.engines.embedded.documents.titles import is_title
from qwen_vision.engines.embedded.facts import TextLine

Role: TypeAlias = Literal["seller", "customer", "recipient"]

# Words over or before a party, on folded text.
_WORDS: Final[tuple[tuple[Role, str], ...]] = (
    (
        "recipient",
        r"ship(?:ped|ping)?(?: to| address)|deliver(?:y|ed)?(?: to| address)|consignee|"
        r"(?:adresse de )?livraison(?: ?[:a].*)?|liefer(?:adresse|anschrift)|warenempfanger|"
        r"adres(?:se)? de l.installation|direccion de (?:envio|entrega)|afleveradres|"
        r"送货地址|收货(?:人|地址|方|单位)|お?届け先|收件人",
    ),
    (
        "customer",
        r"bill(?:ed|ing)?(?: to)?(?: address)?|sold to|invoiced? to|customer(?: name)?|"
        r"client(?: name)?|buyer(?: name)?|purchaser|(?:prepared|issued) (?:for|to)|quote for|"
        r"to|guest(?: name)?|tenants?|lessee|mieter(?:in)?|locataire|arrendatario|"
        r"rechnungs(?:empfanger|adresse|anschrift)|rechnung an|"
        r"kaufer|kund(?:e|in)|auftraggeber|empfanger|factuur(?:adres| aan| voor)|klant|aan|"
        r"facture a|adresse de facturation|destinataire|acheteur|cliente|facturar a|comprador|"
        r"destinatario|spett\.?(?:le)?|客户(?:名称|姓名)?|购(?:买方|货单位|方)(?:名称|信息)?|买方|抬头|お客様名?|ご?請求先",
    ),
    (
        "seller",
        r"from|seller(?: name)?|vendor(?: name)?|supplier(?: name)?|sender|shipper|"
        r"service provider|landlord|lessor|vermieter(?:in)?|bailleur|arrendador|"
        r"sold by|issued by|remit to|lieferant|"
        r"rechnungs(?:er)?steller|verkaufer|absender|auftragnehmer|leverancier|verkoper|"
        r"fournisseur|vendeur|prestataire|expediteur|emetteur|emisor|proveedor|vendedor|"
        r"remitente|fornitore|cedente|销售方(?:名称|信息)?|卖方|供应商|供货(?:方|单位)|開票方|开票方|発行元|請求元|ご?依頼主",
    ),
)
_HEADINGS: Final = tuple(
    (role, re.compile(rf"\W*(?:{words})(?P<mark>\W*)$|\W*(?:{words}) ?[:：] ?(?P<rest>.+)$"))
    for role, words in _WORDS
)
# A line of an address that holds a postal code and, mostly, the town.
_POSTAL: Final = re.compile(
    r"^\d{4,5}-\d{3}\b|^(?:[A-Z]{1,2}[- ])?\d{4,5} (?:[A-Z]{2} )?[^\W\d_]{2}|^\d{4} ?[A-Z]{2}\b|"
    r"\b[A-Z]{2},? \d{5}(?:-\d{4})?(?!\d)|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$|"
    r"\b[A-Z]\d[A-Z] ?\d[A-Z]\d\b|\b(?:NSW|VIC|QLD|ACT|TAS|WA|SA|NT) \d{4}\b|〒\d{3}-?\d{4}|"
    r"^\d{5,6}$|\b\d{5,6} [A-Z][a-z]+ [A-Z]|- ?\d{6}$|, \d{4,5} [^\W\d_]{3}|"
    r"\b[A-Z]{2},? \d{5}(?:-\d{4})?, [A-Z]{2}$"
)
# "1186 Lakeview Ter" begins as "1186 Amsterdam" does, but is a street.
_HOUSE: Final = re.compile(
    r"(?i)(?:^|, ?)\d{1,5}[a-z]? (?!.*\b[A-Z]{2},? \d{5}\b)"
    r".*\b(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|"
    r"blvd|boulevard|way|court|ct|square|sq|ter|terrace|hwy|highway|pkwy|parkway|place|pl|circle|cir|"
    r"close|loop|trail|rue|apt|suite)\b"
)
_STREET: Final = re.compile(r"\d{1,5}[a-zA-Z]?,? [^\W\d_]")
# What a party's lines may begin with before its name.
_BEFORE_NAME: Final = re.compile(
    r"(?i)^\W*(?:\(.*\)|herrn?|frau|firma|messrs\.?|an|gln\b.*|id\b.*|lief-?nr.*)\W*$"
)
_ATTENTION: Final = re.compile(
    r"(?i)^\s*(?:attn\.?|attention|att\.|c/o|z\.? ?h(?:d|ä?nden)\.?|à l'attention de|sales)\s*:?\s+"
)
# A company says how to reach it beside its address; whom it writes to does not.
_OF_ISSUER: Final = re.compile(
    r"(?i)@|www\.|\b(?:tel|phone|fax|vat|ust|siret|tva|btw|nif|cif)\b|\bt[ée]l"
)
_NAME_LABEL: Final = re.compile(r"(?i)^\s*(?:名\s*称|name|firma|company|nom|nombre)\s*[:：]\s*")
_ADDRESS_LABEL: Final = re.compile(
    r"(?i)^\W*(?:address|adresse|anschrift|direcci[oó]n|地\s*址)\s*[:：]\s*(?=\S)"
)
_REACHED: Final = re.compile(
    r"(?i)^\W*(?:[tfm]\.?:? ?\+|"
    r"tel|phone|fon|fax|mobile|e-?mail|mail|www|http|vat|ust|siret|siren|tva|nif|cif|"
    r"btw|kvk|gln|abn|gst|電話|电话)|@|www\."
)
# These name a place as often as a party: only an address tells.
_WEAK: Final = re.compile(r"(?i)^\W*(?:from|to|aan|sender|livraison)\b")
_BARS: Final = re.compile(r"\s*[|•·]\s*|\s+[-–]\s+")
_SENDER: Final = re.compile(r"\S\s+[-–·•|]\s+\S.*\d")
_CHINESE_PLACE: Final = re.compile(r"[市区县镇村路街道].*\d+ ?号?|\d+号")
# An address begins with a number or, in Chinese, with the town.
_PLACED: Final = re.compile(r"\d|[\u3400-\u9fff](?:省|市|区|县)")
_OTHER_PART: Final = re.compile(r"[:：]\s*\S|[:：]\s*$")
# Letters so much taller than an address are those of a name.
_LARGE: Final = 1.3
_ALIGNED: Final = 1.3
_CLOSE: Final = 1.1
_FREE_LINE: Final = 2.2
# A line so many times as high as wide runs from top to bottom.
_UPRIGHT: Final = 2.0
_MOST_LINES: Final = 8
_KEPT: Final = 64
# An address of one line is no longer.
_LONGEST: Final = 70


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one party; `heading` names it, `first` is what stands in the heading's line."""

    lines: tuple[TextLine, ...]
    heading: TextLine | None = None
    first: str = ""

    @property
    def named(self) -> tuple[str, TextLine] | None:
        """The name with its line: the first line that is no salutation, number or address."""
        if self.first and self.heading is not None:
            return None if _CHINESE_PLACE.search(self.first) else (self.first, self.heading)
        for line in self.lines:
            text = _NAME_LABEL.sub("", _ATTENTION.sub("", line.text)).strip(" ,;:")
            if _BEFORE_NAME.match(line.text) or is_title(line.text):
                continue
            if not re.search(r"[^\W\d_]{2}", text):
                continue
            if is_postal(line.text) or _REACHED.search(text) or _STREET.match(text):
                return None
            return self._fuller(text, line)
        return None

    def _fuller(self, text: str, line: TextLine) -> tuple[str, TextLine]:
        """The name as the next line says it in full, or goes on with it in letters as tall."""
        place = self.lines.index(line) + 1
        if place >= len(self.lines):
            return text, line
        after = self.lines[place]
        if after.text.startswith(f"{text} "):
            return after.text.strip(" ,;:"), after
        rest = [height(other) for other in self.lines[place + 1 :]]
        large = bool(rest) and min(height(line), height(after)) > _LARGE * max(rest)
        return (f"{text} {after.text.strip()}", after) if large else (text, line)

    @property
    def is_reached(self) -> bool:
        """Whether the lines say how to reach the party, as issuers of documents do."""
        texts = [line.text for line in self.lines]
        # Prose that gives a number to call is no address.
        return any(map(_OF_ISSUER.search, texts)) and max(map(len, texts)) <= _LONGEST

    @property
    def address(self) -> tuple[TextLine, ...]:
        """The lines of the address: from the street to the postal code, the country or the end."""
        told = next((line for line in self.lines if _ADDRESS_LABEL.match(line.text)), None)
        if told is not None:
            return (told,)
        name = self.named
        after = self.lines
        if self.first and name is None and self.heading is not None:
            return ()
        if name is not None and not (self.first and name[1] is self.heading):
            after = self.lines[self.lines.index(name[1]) + 1 :]
        kept = [
            line
            for line in after
            if not _REACHED.search(line.text)
            and not is_dialled(line.text)
            and not _ATTENTION.match(line.text)
            and not _OTHER_PART.search(line.text)
        ]
        last = max((at for at, line in enumerate(kept) if is_postal(line.text)), default=None)
        first = next((at for at, line in enumerate(kept) if _PLACED.search(line.text)), None)
        if first is None:
            return ()
        end = last if last is not None else first
        if end + 1 < len(kept) and is_country(kept[end + 1].text):
            end += 1
        return tuple(kept[min(first, end) : end + 1])


def is_postal(text: str) -> bool:
    """Whether a line holds a postal code as addresses print it."""
    plain = text.strip()
    code = _POSTAL.search(plain)
    if code is None or find_dates(text):
        return False
    # A street begins with a number; a code with letters is one behind a street as well.
    return not _HOUSE.search(plain) or plain[code.start()].isalpha()


def headed(sheet: Sheet, role: Role) -> list[Block]:
    """The blocks under or beside the headings that name this party, from the top."""
    return list(_all_headed(sheet, role))


@lru_cache(maxsize=_KEPT)
def _all_headed(sheet: Sheet, role: Role) -> tuple[Block, ...]:
    return tuple(
        block
        for line in sheet.lines
        for block in _headed(sheet, line, role)
        if block.address or not _WEAK.match(line.text)
    )


@lru_cache(maxsize=4096)
def party_heading(text: str) -> tuple[Role, str] | None:
    """The party that a line names and what it says of it: `Client: Ada` is ("customer", "Ada")."""
    folded = fold(text)
    for role, pattern in _HEADINGS:
        match = pattern.match(folded)
        if match is not None:
            rest = text[match.start("rest") :].strip() if match["rest"] else ""
            return role, rest
    return None


def standing_alone(sheet: Sheet) -> list[Block]:
    """Blocks of lines around a postal code that no heading names, from the top."""
    return list(_all_alone(sheet))


@lru_cache(maxsize=_KEPT)
def _all_alone(sheet: Sheet) -> tuple[Block, ...]:
    taken = {id(line) for role in ROLES for block in headed(sheet, role) for line in block.lines}
    blocks = []
    for line in sheet.lines:
        if id(line) in taken or not is_postal(line.text) or len(line.text) > _LONGEST:
            continue
        above: list[TextLine] = []
        last = line
        while len(above) < _MOST_LINES and (upper := _next(sheet, last, down=False)) is not None:
            if id(upper) in taken or party_heading(upper.text) or _ends_address(upper.text):
                break
            above.append(upper)
            last = upper
            if _BEFORE_NAME.match(upper.text):
                break
        lines = (*reversed(above), line, *_under(sheet, line)[:3])
        if above:
            blocks.append(Block(_trimmed(lines)))
    return tuple(blocks)


def _ends_address(text: str) -> bool:
    """Whether an address cannot begin above this line: another's code, a date, a sender's line."""
    amount = take(text, "amount")
    return (
        is_postal(text)
        or bool(find_dates(text) or _SENDER.search(text))
        or (amount is not None and amount.pure and amount.text == text.strip())
    )


def _trimmed(lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """The lines up to the postal code, the country and the ways to reach the party after it."""
    codes = [at for at, line in enumerate(lines) if is_postal(line.text)]
    last = codes[0] if codes else None
    if last is None:
        return tuple(lines)
    end = last + 1
    while end < len(lines) and (is_country(lines[end].text) or _REACHED.search(lines[end].text)):
        end += 1
    return tuple(lines[:end])


ROLES: Final[tuple[Role, ...]] = ("seller", "customer", "recipient")


def _headed(sheet: Sheet, line: TextLine, role: Role) -> Iterator[Block]:
    heading = party_heading(line.text)
    if heading is None or heading[0] != role:
        return
    rest = heading[1]
    if line.box.bottom - line.box.top > _UPRIGHT * (line.box.right - line.box.left):
        yield Block(_beside(sheet, line), line)
        return
    if rest:
        if re.search(r"[^\W\d_]{2}|[\u3400-\u9fff]", rest):
            yield Block(_trimmed(_under(sheet, line)), line, rest)
        return
    under = _trimmed(_under(sheet, line))
    right = next((other for other in sheet.right_of(line) if not names_part(other.text)), None)
    if under and not _is_entry(under[0]):
        yield Block(under, line)
    elif right is not None and right.box.left - line.box.right < 12 * height(line):
        yield Block(_trimmed((right, *_under(sheet, right))), line)


def _beside(sheet: Sheet, line: TextLine) -> tuple[TextLine, ...]:
    """The lines beside a heading that is written down the side, up to the next heading."""
    box = line.box
    heads = [other.box.left for other in sheet.lines if party_heading(other.text)]
    limit = min((left for left in heads if left > box.right), default=float("inf"))
    beside = [
        other
        for other in sheet.lines
        if box.right <= other.box.left < limit and box.top <= sheet.level(other) <= box.bottom
    ]
    return tuple(sorted(beside, key=lambda other: other.box.top))


def names_part(text: str) -> bool:
    """Whether a text is a label, of a party or of anything else."""
    return is_label(text) or party_heading(text) is not None or bool(re.search(r"[:：]\s*$", text))


def _is_entry(line: TextLine) -> bool:
    """Whether a line is an entry of its own: a label with a value, a date, an amount."""
    if is_label(line.text) or bool(find_dates(line.text)):
        return True
    amount = take(line.text, "amount")
    return amount is not None and amount.pure and not re.fullmatch(r"\d{4,6}", line.text.strip())


def _under(sheet: Sheet, line: TextLine) -> tuple[TextLine, ...]:
    """The lines that go on under a line in its column, until a gap or another heading."""
    found: list[TextLine] = []
    last = line
    while len(found) < _MOST_LINES and (lower := _next(sheet, last, down=True)) is not None:
        if party_heading(lower.text) or (is_label(lower.text) and not _REACHED.search(lower.text)):
            break
        if is_country(last.text) and not _REACHED.search(lower.text):
            break
        found.append(lower)
        last = lower
    if found and not any(is_postal(line.text) for line in found):
        # Some leave a line free between the name and the street.
        street = _next(sheet, last, down=True, close=_FREE_LINE)
        rest = () if street is None else (street, *_under_close(sheet, street))
        if any(is_postal(line.text) for line in rest[:3]):
            found += rest
    return tuple(found)


def _under_close(sheet: Sheet, line: TextLine) -> tuple[TextLine, ...]:
    first = _next(sheet, line, down=True)
    second = _next(sheet, first, down=True) if first is not None else None
    return tuple(found for found in (first, second) if found is not None)


def _next(sheet: Sheet, line: TextLine, *, down: bool, close: float = _CLOSE) -> TextLine | None:
    """The next line of the same block: close by, and flush or centred with it."""
    box, tall = line.box, height(line)
    best: tuple[float, TextLine] | None = None
    for other in sheet.lines:
        if other is line:
            continue
        to = other.box
        gap = to.top - box.bottom if down else box.top - to.bottom
        if not -0.5 * tall < gap < close * max(tall, height(other)):
            continue
        away = min(
            abs(to.left - box.left),
            abs(to.right - box.right),
            abs(to.left + to.right - box.left - box.right) / 2,
        )
        further = (to.top > box.top + 0.4 * tall) if down else (to.top < box.top - 0.4 * tall)
        if away < _ALIGNED * tall and further and (best is None or (gap, away) < (best[0], 0)):
            best = (gap, other)
    return best[1] if best is not None else None


def joined(lines: Sequence[TextLine]) -> str:
    """Lines of an address as one text: commas between them where none is printed."""
    texts = [place_only(line.text) for line in lines]
    whole = ""
    for text in texts:
        if not whole:
            whole = text
        elif re.search(r"[\u3040-\u9fff]$", whole):
            whole += text
        else:
            whole += (" " if whole.endswith((",", "-", ";")) else ", ") + text
    return whole


def place_only(text: str) -> str:
    """A line without the phone numbers and web addresses that share it behind a bar."""
    parts = [part.strip() for part in _BARS.split(_ADDRESS_LABEL.sub("", text.strip()))]
    kept = [part for part in parts if not _REACHED.search(part) and not is_dialled(part)]
    placed = next((at for at, part in enumerate(kept) if _PLACED.search(part)), 0)
    kept = kept[placed:]
    return ", ".join(kept) if 0 < len(kept) < len(parts) else _ADDRESS_LABEL.sub("", text.strip())


def is_dialled(text: str) -> bool:
    """Whether a text is a phone number and nothing else."""
    phone = take(text.strip(), "phone")
    return phone is not None and phone.pure and looks_dialled(phone.text)
