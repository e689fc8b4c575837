"""Whose: the party that a property asks about, and what of it: `vendor.address`, `buyer_name`."""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from qwen_vision.engines.embedded.documents.blocks import Role
from qwen_vision.engines.embedded.documents.concepts import Concept, concepts, fold

Part: TypeAlias = Literal["name", "address", "other"]

# Names a schema gives to a party, on folded text.
_ROLES: Final[tuple[tuple[Role, str], ...]] = (
    (
        "recipient",
        r"ship(?:ped|ping)? ?to|shipping|deliver(?:y|ed)?(?: ?to)?|consignee|receiver|recipient|"
        r"liefer(?:adresse|anschrift)|warenempfanger|livraison|收货(?:人|方)?|收件人",
    ),
    (
        "customer",
        r"customer|client|buyer|to(?= )|tenant|lessee|"
        r"(?:account|policy) ?holder|kontoinhaber(?:in)?|"
        r"bill(?:ed|ing)?(?: ?to)?|purchaser|addressee|guest|renter|"
        r"kunden?|kaufer|(?:rechnungs)?empfanger|auftraggeber|klant|koper|cliente|comprador|"
        r"receptor|acheteur|destinataire|destinatario|客户|购买方|买方|請求先|顧客",
    ),
    (
        "seller",
        r"seller|vendor|supplier|landlord|lessor|merchant|issuer|company|sender|from|store|shop|restaurant|hotel|"
        r"retailer|business|provider|contractor|shipper|lieferant|(?:rechnungs)?aussteller|"
        r"absender|rechnungssteller|verkaufer|haendler|handler|fournisseur|vendeur|emetteur|"
        r"emisor|proveedor|vendedor|establecimiento|fornitore|leverancier|verkoper|"
        r"商家|店铺|销售方|供应商|卖方|开票方|請求元|発行元",
    ),
)
_PARTS: Final[tuple[tuple[Part, str], ...]] = (
    (
        "name",
        r"|name|nom|nome|nombre|naam|namn|full name|company(?: name)?|organi[sz]ation|"
        r"名称?|姓名",
    ),
    (
        "address",
        r"(?:full |postal |street )?address(?: line)?|adresse|adres|anschrift|direccion|indirizzo|"
        r"地址|住所",
    ),
)
_ASKED: Final = tuple(
    (role, re.compile(rf"(?:{words})(?: (?P<part>.*))?|(?:{words})(?P<han>[\u3400-\u9fff]+)"))
    for role, words in _ROLES
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A party and what is asked of it; `concept` when it is neither its name nor its address."""

    role: Role
    part: Part
    concept: Concept | None = None


def party_asked(words: str, context: str) -> Asked | None:
    """The party and its part that a property names, alone or inside an object of that name."""
    phrases = [f"{context} {words}", words] if context else [words]
    for phrase in [*map(fold, phrases), *map(without_digraphs, phrases)]:
        asked = _asked(phrase)
        if asked is not None:
            return asked
    return None


def without_digraphs(text: str) -> str:
    """A folded name whose umlauts were written out: `empfaenger` is `empfanger`."""
    return re.sub(r"(?<=[aou])e(?=[a-z])", "", fold(text))


def _asked(phrase: str) -> Asked | None:
    for role, pattern in _ASKED:
        match = pattern.fullmatch(phrase)
        if match is None:
            continue
        rest = match["part"] or match["han"] or ""
        for part, known in _PARTS:
            if re.fullmatch(known, rest):
                return Asked(role, part)
        concept = next((one for one in concepts().values() if one.asks.fullmatch(rest)), None)
        if concept is not None and concept.kind not in {"amount", "date", "count"}:
            return Asked(role, "other", concept)
    return None
