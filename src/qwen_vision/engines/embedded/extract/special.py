"""Special: names that ask for the page itself: its text, title, kind, codes, size, colours."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from qwen_vision.engines.embedded.documents.kinds import document_words
from qwen_vision.engines.embedded.documents.sheet import height
from qwen_vision.engines.embedded.extract.leaf import Json
from qwen_vision.engines.embedded.extract.page import Page

_BULLET: Final = re.compile(r"^\s*(?:[•●▪◦‣·*–-]|\d{1,2}[.)、])\s*(?P<text>\S.*)$")
_Teller = Callable[[Sequence[Page]], Json]


def tell_special(words: str, pages: Sequence[Page]) -> Json:
    """What such a name asks for, or None when the name is no such name."""
    for pattern, teller in _TELLERS:
        if pages and pattern.fullmatch(words):
            return teller(pages)
    return None


def _text(pages: Sequence[Page]) -> Json:
    return "\n\n".join(page.reading.text for page in pages)


def _lines(pages: Sequence[Page]) -> Json:
    return [text for page in pages for text in page.reading.text.split("\n") if text]


def _title(pages: Sequence[Page]) -> Json:
    sheet = pages[0].sheet
    if not sheet.lines:
        return None
    tallest = max(sheet.lines[:8], key=height)
    return tallest.text


def _bullets(pages: Sequence[Page]) -> Json:
    found = [
        match["text"]
        for page in pages
        for line in page.sheet.lines
        if (match := _BULLET.match(line.text))
    ]
    return list(found) or None


def _kind(pages: Sequence[Page]) -> Json:
    for page in pages:
        said = document_words(page.reading)
        if said is not None:
            return said.removeprefix("an ").removeprefix("a ")
    return None


def _codes(pages: Sequence[Page]) -> Json:
    return [code.payload for page in pages for code in page.codes]


def _code(pages: Sequence[Page]) -> Json:
    return next((code.payload for page in pages for code in page.codes), None)


def _width(pages: Sequence[Page]) -> Json:
    facts = pages[0].facts
    return facts.width_px if facts else None


def _height(pages: Sequence[Page]) -> Json:
    facts = pages[0].facts
    return facts.height_px if facts else None


def _colors(pages: Sequence[Page]) -> Json:
    facts = pages[0].facts
    return [color.name for color in facts.colors] if facts else None


def _color(pages: Sequence[Page]) -> Json:
    facts = pages[0].facts
    return facts.colors[0].name if facts and facts.colors else None


def _objects(pages: Sequence[Page]) -> Json:
    seen = [page.objects for page in pages if page.objects is not None]
    return [thing.label for objects in seen for thing in objects] if seen else None


def _language(pages: Sequence[Page]) -> Json:
    text = "".join(page.reading.text for page in pages)
    if not text.strip():
        return None
    if re.search(r"[\u3040-\u30ff]", text):
        return "ja"
    han = len(re.findall(r"[\u3400-\u9fff]", text))
    return "zh" if han > len(re.findall(r"[A-Za-z]", text)) / 4 else None


_TELLERS: Final[tuple[tuple[re.Pattern[str], _Teller], ...]] = tuple(
    (re.compile(pattern), teller)
    for pattern, teller in (
        (r"(?:all |full |raw |ocr |page |image |visible |extracted )?(?:text|content|"
            r"transcription)|全文|文字|文本|内容", _text),
        (r"(?:text )?lines(?: of text)?|texts|行", _lines),
        (r"(?:bullet ?(?:point)?s?|points|key points|list items|要点|列表项)", _bullets),
        (r"(?:document |page |main )?(?:title|heading|headline)|标题", _title),
        (r"(?:document |doc )?(?:type|kind|category|class)|文档类型|类型", _kind),
        (r"(?:qr|bar)?(?: ?codes| code contents)|二维码列表", _codes),
        (r"(?:qr|bar) ?code(?: content| payload| value| data)?|payload|二维码|条形码|条码", _code),
        (r"(?:image |picture )?width(?: px)?|宽度?", _width),
        (r"(?:image |picture )?height(?: px)?|高度?", _height),
        (r"(?:dominant |main )?colou?rs|颜色", _colors),
        (r"(?:dominant |main )?colou?r|主色", _color),
        (r"(?:detected )?objects|物体", _objects),
        (r"language|语言", _language),
    )
)  # fmt: skip
