"""Titles: the words a document calls itself by, and other lines of its head that are no name."""

import re
from typing import Final

_TITLE: Final = re.compile(
    r"^\W*(?:(?:tax|simplified|cash|sales|vat|proforma|pro forma|commercial|gst)\s*)*"
    r"(?:invoice|receipt|bill|factuur|rechnung|facture|factura|fattura|fatura|faktura|kvitto|kvittering|statement|quotation|"
    r"quote|copy|credit note|credit memo|gutschrift|avoir|nota de cr[eé]dito|delivery note|"
    r"lieferschein|angebot|quittung|re[cç]u|recibo|scontrino|order confirmation|purchase order|"
    r"kassenbon|ticket|menu|price list|"
    r"(?:\w+ ){0,3}(?:agreement|contract|lease|vertrag|application)|請求書|領収書|見積書|納品書|"
    r"销售(?:发票|单)|送货单|报价单|对账单|"
    r"payment receipt|boarding pass|pay ?slip|e-?ticket|identity card|estimate|"
    r"official receipt|cash sales?|"
    r"(?:dear|sehr geehrter?|estimad[oa]|ch[eè]re?) .*|"
    r"welcome.*|thank.*|page.*|seite.*|original|发票|收据|小票|"
    r".*增值税.*发票.*|.* form|"
    r".{2,12}(?:登记表|申请表|报名表|价目表|时刻表|名单|通知书?|清单))\W*$",
    re.IGNORECASE,
)


def is_title(text: str) -> bool:
    """Whether a line is a title such as `Tax invoice`, a greeting or the number of a page."""
    return _TITLE.match(text) is not None
