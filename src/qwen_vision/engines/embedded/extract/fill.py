"""Fill: puts what pages say into the shape of a schema, with evidence for each value."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from msgspec import UNSET

from qwen_vision.engines.embedded.documents.charts import chart_values
from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.headings import parts
from qwen_vision.engines.embedded.extract.charted import chart_pairs
from qwen_vision.engines.embedded.extract.leaf import (
    Json,
    box_before,
    fits,
    is_form,
    leaf_value,
    nested,
    nothing,
    option_for,
    says_yes,
)
from qwen_vision.engines.embedded.extract.lookup import Hit, look_up
from qwen_vision.engines.embedded.extract.page import Page
from qwen_vision.engines.embedded.extract.pairs import all_pairs
from qwen_vision.engines.embedded.extract.rows import fill_rows, free_rows, item_names
from qwen_vision.engines.embedded.extract.shape import Shape, singular
from qwen_vision.engines.embedded.extract.special import tell_special
from qwen_vision.engines.embedded.facts import TextLine
from qwen_vision.engines.embedded.proofs import proof
from qwen_vision.protocol.receipt import Evidence

_YES: Final = re.compile(r"^(?:has|is|was|contains?|includes?|with)\s+", re.IGNORECASE)
# Names of a list that mean the lines of a bill or the rows of a table.
_LINES: Final = re.compile(
    r"(?:\w+ )*(?:items?|rows|products?|goods|articles|services|purchases|entries|positions|"
    r"records|lines|list|table)|(?:商品|菜品|货物|项目|产品)?(?:明细|列表|清单|项目|商品|菜品)",
)


# How receipts print the usual options of a payment.
_MEANS: Final = {
    "card": "card|visa|master ?card|amex|maestro|debit|credit card|银行卡|刷卡",
    "credit card": "credit card|visa|master ?card|amex|信用卡",
    "cash": "cash|espèces|efectivo|contanti|gegeben bar|现金",
    "bank transfer": "bank transfer|wire transfer|überweisung|virement|transferencia|转账",
    "银行卡": "银行卡|刷卡|visa|master ?card",
}
_WEB: Final = re.compile(r"(?:\w+ )?(?:url|uri|link|web ?site|homepage|web address)|网址|链接|网站")


@dataclass
class Filling:
    """The value made for a schema, where its parts were read, and the steps taken."""

    value: Json = None
    evidence: list[Evidence] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)


def fill(shape: Shape, pages: Sequence[Page]) -> Filling:
    """The schema filled from the pages; what they do not say stays null or empty."""
    filler = _Filler(pages)
    filler.out.value = filler.value(shape, path="", context="")
    return filler.out


class _Filler:
    def __init__(self, pages: Sequence[Page]) -> None:
        self._pages = pages
        self.out = Filling()

    def value(self, shape: Shape, *, path: str, context: str) -> Json:
        match shape.kind:
            case "object":
                filled = self._object(shape, path=path)
                return None if shape.nullable and _is_empty(filled) else filled
            case "array":
                return self._array(shape, path=path, context=context)
            case "any" if not shape.name:
                return self._free(path)
            case _:
                return self._leaf(shape, path=path, context=context)

    def _object(self, shape: Shape, *, path: str) -> Json:
        if not shape.fields:
            extra = shape.rules.get("additionalProperties", True)
            # Properties without fields: a recursive schema, cut at its depth.
            known = extra is False or shape.rules.get("properties")
            return {} if known else self._free(path)
        filled: dict[str, Json] = {}
        for part in shape.fields:
            inner = f"{path}.{part.name}" if path else part.name
            value = self.value(part, path=inner, context=shape.words)
            if value is None and not part.nullable and part.kind not in {"null", "any"}:
                value, note = nothing(part)
                if (not part.required and not fits(part, value)) or self._is_noise(part, value):
                    self._missed(inner, "not found: left out")
                    continue
                self._missed(inner, note)
            filled[part.name] = value
        return filled

    def _is_noise(self, part: Shape, value: Json) -> bool:
        """Whether a stand-in would claim something: an optional number, boolean or option."""
        return (
            not part.required
            and (part.kind in {"number", "integer", "boolean"} or bool(part.options))
            and not isinstance(value, str | list)
        )

    def _array(self, shape: Shape, *, path: str, context: str) -> Json:
        items = shape.items
        if items is None:
            return []
        inner = next((part for part in items.fields if part.kind == "array"), None)
        if items.kind == "object" and inner is not None:
            return self._sections(items, inner, path=path)
        if items.kind == "object" and items.fields:
            rows, evidence = fill_rows(items, self._pages, path=path)
            self.out.evidence += evidence
            self.out.trace.append(f"{path or 'rows'}: {len(rows)} rows read.")
            return list(rows)
        special = tell_special(shape.words, self._pages)
        if isinstance(special, list):
            return [value for value in special if fits(items, value)]
        is_list = not shape.words or _LINES.fullmatch(shape.words)
        if is_list and items.kind in {"any", "object", "string"}:
            return self._lines(items, path=path)
        one = Shape(items.kind, singular(shape.words), shape.about, rules=items.rules)
        many = replace(one, name=shape.name)
        hits = look_up(self._pages, one, context=context) or look_up(
            self._pages, many, context=context
        )
        values: list[Json] = []
        for hit in hits:
            value = leaf_value(items, hit.found, order=hit.page.sheet.date_order)
            if value is not None and value not in values:
                self._prove(f"{path}[{len(values)}]", hit)
                values.append(value)
        return values

    def _sections(self, items: Shape, inner: Shape, *, path: str) -> Json:
        """One object for each heading with rows under it: its words, and the rows as its list."""
        filled: list[Json] = []
        named = next((part for part in items.fields if part.kind == "string"), None)
        for page in self._pages:
            for heading, under in parts(page.sheet):
                part = fill(replace(items, fields=(inner,)), [page.only(under)])
                rows = part.value.get(inner.name) if isinstance(part.value, dict) else None
                if not rows:
                    continue
                value: dict[str, Json] = {
                    one.name: nothing(one)[0] for one in items.fields if one.required
                }
                place = f"{path}[{len(filled)}]"
                if named is not None:
                    value[named.name] = heading.text.strip(" :：")
                    found = Found(heading.text, heading.text, (heading,), "a heading", heading)
                    self._prove(f"{place}.{named.name}", Hit(found, page))
                filled.append(value | {inner.name: rows})
                for evidence in part.evidence:
                    evidence.field = f"{place}.{evidence.field}"
                self.out.evidence += part.evidence
        return filled

    def _lines(self, items: Shape, *, path: str) -> list[Json]:
        """The lines of a bill for a list whose schema says little or nothing about them."""
        rows: list[Json]
        if items.kind == "string":
            names, evidence = item_names(self._pages, path=path)
            rows = list(names)
        else:
            rows, evidence = free_rows(self._pages, path=path, objects=items.kind == "object")
        self.out.evidence += evidence
        self.out.trace.append(f"{path or 'rows'}: {len(rows)} rows read.")
        return [row for row in rows if fits(items, row)]

    def _leaf(self, shape: Shape, *, path: str, context: str) -> Json:
        special = tell_special(shape.words, self._pages) if shape.kind != "boolean" else None
        if special is not None and not isinstance(special, list):
            chosen = option_for(shape, str(special)) if shape.options else special
            if chosen is not None and fits(shape, chosen):
                self.out.trace.append(f"{path}: told from the page itself.")
                return chosen
        if shape.kind == "boolean":
            return self._boolean(shape, path=path)
        for hit in look_up(self._pages, shape, context=context)[:6]:
            value = leaf_value(shape, hit.found, order=hit.page.sheet.date_order)
            if value is not None:
                self._prove(path, hit)
                return value
            self.out.trace.append(
                f"{path}: rejected “{hit.found.text}”, it does not fit the schema."
            )
        value = self._option(shape, path) or self._from_code(shape, path)
        if value is None:
            self.out.trace.append(f"{path}: nothing on the page names it.")
            if shape.nullable or not path:
                self._missed(path, "not found")
        return value if value is not None or path else nothing(shape)[0]

    def _option(self, shape: Shape, path: str) -> Json:
        """An option of an enum that stands in the text as a word of its own.

        A row that prints several of them side by side offers a choice and says none.
        """
        said = [
            (option, page, line)
            for page in self._pages
            for option in shape.options
            if isinstance(option, str)
            for line in page.sheet.lines
            if _says(line, option)
        ]
        for option, page, line in said:
            row = page.sheet.lines_near_row((line,), line)
            offered = [other for other, _, where in said if where in row]
            # A letter alone is read anywhere: it says nothing, but it stands for an offer.
            if len(option) > 1 and nested(offered):
                self._prove(path, Hit(Found(option, option, (line,), "the page says so"), page))
                return option
        return None

    def _from_code(self, shape: Shape, path: str) -> Json:
        """A web address that only a code of the page holds."""
        if shape.kind != "string" or not _WEB.fullmatch(shape.words):
            return None
        for page in self._pages:
            for code in page.codes:
                if code.payload.startswith(("http://", "https://")) and fits(shape, code.payload):
                    line = TextLine(code.payload, code.quad, 1.0)
                    found = Found(code.payload, code.payload, (line,), "a code holds it", line)
                    self._prove(path, Hit(found, page))
                    return code.payload
        return None

    def _boolean(self, shape: Shape, *, path: str) -> Json:
        """True when the page says the words; null or absent otherwise, never a guess."""
        words = _YES.sub("", shape.words)
        hits = look_up(self._pages, replace(shape, kind="string", name=words))
        for hit in hits:
            said = says_yes(hit.found.text)
            if said is not None:
                self._prove(path, hit)
                return said
        if hits and words == shape.words:
            # "Proxy: 10.0.0.1" says neither yes nor no of `proxy`.
            return None
        for page in self._pages:
            if re.search(r"qr|bar ?code|二维码|条码", words) and page.codes:
                return True
            line = next(
                (
                    line
                    for line in page.sheet.lines
                    if len(words) > 2 and words in line.text.lower()
                ),
                None,
            )
            if line is None:
                continue
            mark = box_before(line.text)
            if mark is None and is_form(page.sheet):
                # A form prints what it offers: without a tick that is read it says nothing.
                return None
            self._prove(path, Hit(Found(words, words, (line,), "the page says so"), page))
            return mark is not False
        return None

    def _free(self, path: str) -> Json:
        """All labels and values, for a schema that names none."""
        filled: dict[str, Json] = {}
        for page in self._pages:
            for label, found in all_pairs(page.sheet).items():
                if label not in filled:
                    filled[label] = found.text
                    self._prove(f"{path}.{label}" if path else label, Hit(found, page))
        filled |= self._free_rows(path, beside=bool(filled))
        if not filled and any(page.sheet.lines for page in self._pages):
            filled["text"] = "\n\n".join(page.reading.text for page in self._pages)
        return filled

    def _free_rows(self, path: str, *, beside: bool) -> dict[str, Json]:
        """The lines of bills and the rows of tables; of a page without labels its chart, too."""
        for page in () if beside else self._pages:
            if page.reading.chart is not None:
                return chart_pairs(page.reading.chart)
        name = "items" if beside else "rows"
        rows, evidence = free_rows(
            self._pages, path=f"{path}.{name}" if path else name, objects=not beside
        )
        # One priced line without heads may be a sentence of a letter.
        if len(rows) > 1 or any(isinstance(row, dict) for row in rows):
            self.out.evidence += evidence
            return {name: rows}
        if beside:
            return {}
        charted = [value for page in self._pages for value in chart_values(page.reading)]
        return {value.category: value.value for value in charted}

    def _prove(self, path: str, hit: Hit) -> None:
        self.out.evidence.append(proof(path, hit.found, index=hit.page.index, page=hit.page.number))
        self.out.trace.append(f"{path}: took “{hit.found.text}” ({hit.found.why}).")

    def _missed(self, path: str, note: str) -> None:
        self.out.evidence.append(
            Evidence(path, self._pages[0].index if self._pages else 0, note=note)
        )


def _says(line: TextLine, option: str) -> bool:
    words = _MEANS.get(option.lower(), re.escape(option))
    return re.search(rf"(?<!\w)(?:{words})(?!\w)", line.text, re.IGNORECASE) is not None


def _is_empty(value: Json) -> bool:
    if isinstance(value, dict):
        return all(_is_empty(inner) for inner in value.values())
    return value in (None, "", [])


def check_sum(filling: Filling, amounts: Sequence[Decimal], total: Decimal | None) -> None:
    """Note on the evidence of the total whether the line items add up to it."""
    if total is None or len(amounts) < 2:
        return
    added = sum(amounts, Decimal(0))
    for evidence in filling.evidence:
        if re.search(
            r"(?:^|\.)(?:grand_?)?(?:total|amount|合计|总金额)\w*$", evidence.field, re.IGNORECASE
        ):
            same = abs(added - total) < Decimal("0.011")
            words = "they add up to it" if same else f"they add up to {added}, which is not it"
            note = evidence.note if evidence.note is not UNSET else ""
            evidence.note = f"{note}; checked against {len(amounts)} line items: {words}"
