"""Roles: what the columns of a bill hold, by the words over them or the names of a schema."""

import re
from functools import lru_cache
from typing import Final

from qwen_vision.engines.embedded.documents.concepts import fold

# Words over the columns of a bill, without accents.
_HEADS: Final = (
    (
        "discount",
        r"disc\w*\.?(?: ?%)?|rabatt\b.*|korting|remise|rem\.|descuento|dto\.?|sconto|"
        r"折扣|优惠|割引",
    ),
    (
        "tax_rate",
        r"(?:tax|vat|gst|btw|mwst|ust|tva|iva|taxes)\.?[ -]?(?:rate|satz|%|\(%\))|"
        r"(?:taux|tipo)(?: de)?(?: la)? (?:tva|iva)|steuersatz|税率",
    ),
    ("tax", r"tax\w*|vat|gst|btw|mwst\.?|ust\.?|tva|iva|tx|税额?"),
    (
        "unit_price",
        r"(?:unit|u/|s/|vk-)? ?pri(?:ce|s|x|ze|js)(?!.*(?:total|ht|ttc)).*|unit ?(?:cost|price)|"
        r"each|rate|tarif\w*|ansatz|ep(?: in)?(?: (?:eur|€))?|"
        r"(?:einzel|stuck)?preis(?: ?/ ?(?:einheit|stuck|stk\.?))?|p\.? ?u\.?(?: h\.?t\.?)?|"
        r"prix unit\w*(?: h\.?t\.?)?|"
        r"precio(?: (?:unit\w*\.?|ud\.?))?|prezzo(?: unit\w*\.?)?|valor unit\w*|"
        r"单价|単価|价格|售价",
    ),
    (
        "quantity",
        r"q'?ty\.?|quantity|quant\.?|aantal|menge|anzahl|stk\.?|stuck|q\.?te|quantite|cantidad|"
        r"cant\.?|quantita|q\.?ta\.?|hrs|hours|std\.?|units?|uds?\.?|nombre|pcs|nos|数量|件数|個数",
    ),
    (
        "amount",
        r"amt.*|amount(?!.* tax).*|(?:line |item )?(?:total|sum)"
        r"(?: (?:price|amount|ht|h\.t\.|ttc))?|"
        r"summe|bedrag|betrag(?: in)?(?: (?:eur|€))?|zeilenbetrag|gesamt(?:preis|betrag)?|totaal|"
        r"gp(?: in)?(?: (?:eur|€))?|"
        r"montant.*|prix (?:total.*|ht)|importe|importo|totale|valor|belopp|"
        r"(?:extended|ext\.?) price|net(?:to)?(?:wert)?|"
        r"chf|eur|usd|gbp|aud|cad|[€$£]|金额|金額|小计|小計|总价|合计",
    ),
    (
        "code",
        r"(?:item |product )?code(?:/desc)?|sku|no\.?|pos\.?|#|"
        r"(?:art|item)\.?[- ]?(?:nr\.?|no\.?|#)|"
        r"ref\.?|编号|货号|序号|条码",
    ),
    (
        "description",
        r"(?:item |product )?desc\w*(?:/item)?|items?|products?|articles?|artikel|beschreibung|"
        r"(?:artikel)?(?:bezeichnung|beschreibung)|leistung|tatigkeit|designation|libelle|"
        r"prestation|concepto|descri\w+|articulos?|articol[oi]|artigos?|productos?|produits?|produtos?|prodott[oi]|"
        r"omschrijving|service|particulars?|name|details?|dish|task|"
        r"品名|品目|名称|内容|項目|商品.*|项目.*|货物.*|摘要|菜品|菜名",
    ),
)
_COLUMNS: Final = tuple(
    (role, re.compile(rf"^\W*(?:{words})\W*(?:\(\w+\)|ohne.*)?\W*$")) for role, words in _HEADS
)
# Names a schema gives to the parts of a line, without accents.
_NAMES: Final = (
    ("discount", r"discount.*|折扣|优惠"),
    ("tax_rate", r".*(?:tax|vat|gst|tva|btw|mwst|iva) ?(?:rate|percent\w*|satz|%)|taux.*|税率"),
    ("tax", r"tax|vat|gst|税额?"),
    (
        "unit_price",
        r"(?:unit|price) ?(?:price|cost|unit|each)|price ?(?:per|each).*|rate|"
        r"(?:prix|precio) unit\w*|"
        r"einzelpreis|stuckpreis|stueckpreis|prijs per .*|单价|単価",
    ),
    (
        "quantity",
        r"qty|quantity|count|units?|pieces|number of .*|menge|anzahl|quantite|cantidad|aantal|"
        r"quantita|uds?|数量|件数|個数",
    ),
    (
        "amount",
        r"(?:line |item |sub|net )?(?:amount|total)(?: ?price| ?amount| net| ht)?|"
        r"subtotal|cost|sum|"
        r"net(?:to)?|gesamt(?:preis|betrag)?|betrag|montant(?: ht| ttc| total)?|importe|importo|"
        r"bedrag|totaal|prix total|total ht|金额|金額|小计|小計|总价|合计",
    ),
    ("price", r"price|preis|prix|precio|prezzo|prijs|价格|售价|価格|值段"),
    (
        "code",
        r"(?:item |product |article )?(?:code|sku|id|number|no)|artikelnummer|ref(?:erence)?|"
        r"编号|货号|条码",
    ),
    (
        "description",
        r"(?:item |product )?(?:description|desc|name|title|item|product|article|goods|service|"
        r"text|label)|beschreibung|bezeichnung|artikel|articulos?|articol[oi]|productos?|produits?|designation|libelle|descripcion|concepto|"
        r"omschrijving|descrizione|品名|品目|名称|商品|项目|描述|货物",
    ),
)


@lru_cache(maxsize=4096)
def head_role(text: str) -> str | None:
    """What a column with these words over it holds, such as `unit_price`; None for another."""
    words = fold(text.strip())
    return next((role for role, pattern in _COLUMNS if pattern.match(words)), None)


def name_role(words: str) -> str | None:
    """The part of a bill's line that a property of this name asks for, or None."""
    folded = fold(words)
    return next((role for role, pattern in _NAMES if re.fullmatch(pattern, folded)), None)


@lru_cache(maxsize=4096)
def split_head(text: str) -> tuple[tuple[str, int], ...]:
    """The heads that stand in one line, each with its place: `Unit Price Taxes` holds two.

    A line that names one column, or words that name none, stays whole.
    """
    whole = ((text, 0),)
    words = list(re.finditer(r"\S+", text))
    if head_role(text) is not None or not 2 <= len(words) <= 6:
        return whole
    for cut in range(len(words) - 1, 0, -1):
        head, rest = text[: words[cut].start()].rstrip(), text[words[cut].start() :]
        if head_role(head) is None:
            continue
        tail = split_head(rest)
        if all(head_role(part) is not None for part, _ in tail):
            return (head, 0), *((part, place + words[cut].start()) for part, place in tail)
    return whole
