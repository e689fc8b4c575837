"""Intents: what a prompt asks for, read by rules in English and Chinese."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from qwen_vision.engines.embedded.documents.concepts import Concept, Mention, mentions


class Task(Enum):
    """What can be asked of pictures; UNSEEN is what this engine can not know."""

    WORDS = "words with locations"
    HTML = "document as HTML"
    MARKDOWN = "document as Markdown"
    FORMULA = "formula"
    KEYS = "all fields"
    CODE = "barcodes"
    COMPARE = "comparison"
    WHEN = "moment of an event"
    MOMENT = "what happens at a time"
    LOCATE = "place"
    EXISTS = "presence"
    COUNT = "count"
    PART = "part of the text"
    SUM = "arithmetic"
    READ = "text"
    TABLE = "table"
    VALUE = "labelled value"
    UNSEEN = "beyond perception"
    SIZE = "size"
    QUALITY = "sharpness and light"
    COLORS = "colours"
    DESCRIBE = "description"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing asked: `text` is the part of the prompt, `subject` what it is about."""

    task: Task
    text: str
    subject: str = ""
    concepts: tuple[Concept, ...] = ()


_SPLIT: Final = re.compile(r"(?<=[?？!！。；;])|\n+|(?<=[a-z\d)]\.)\s+(?=[A-Z])|(?<=[a-z]),? (?:and|then) (?=(?:what|how|where|is there|are there|when|who|read|describe|list|count|tell me)\b)")
_RULES: Final[tuple[tuple[Task, re.Pattern[str]], ...]] = tuple(
    (task, re.compile(pattern, re.IGNORECASE))
    for task, pattern in (
        (Task.WORDS, r"rotate_?rect|rotated rect|(?:locate|location|position|coordinates?|bounding box(?:es)?|bbox(?:es)?|where)\b.{0,30}\b(?:each|every|all)\b.{0,20}\b(?:text|line|word)|\b(?:each|every|all)\b.{0,20}\b(?:text|lines?|words?)\b.{0,40}\b(?:location|position|coordinate|box)|(?:每|所有|全部).{0,6}(?:行|文字|文本).{0,12}(?:位置|坐标)|文字定位"),
        (Task.HTML, r"qwenvl html|\b(?:to|into|as|in) html\b(?!.{0,12}table)|document.{0,20}html|转(?:换)?(?:成|为)? ?html"),
        (Task.MARKDOWN, r"qwenvl markdown|(?:to|into|as|in) markdown|document.{0,20}(?:markdown|latex)|markdown ?格式|转(?:换)?(?:成|为)? ?markdown"),
        (Task.FORMULA, r"\b(?:formula|equation|latex)s?\b|公式|方程"),
        (Task.KEYS, r"key[- ]?(?:value|information|info)|all (?:the )?(?:fields|pairs|key)|(?:extract|pull|get|give)\b.{0,24}\b(?:information|info|details|data|fields)\b|(?:提取|抽取).{0,10}(?:信息|字段)|关键信息|所有字段|键值"),
        (Task.CODE, r"\bqr\b|qr-?codes?|bar ?-?codes?|data ?matrix|二维码|条形?码|扫码"),
        (Task.COMPARE, r"\bcompar\w*|\bdiffer\w*|what(?:'s| has| is)? changed|\bsame\b.{0,20}\b(?:picture|image|photo)|\bsimilar|spot the|对比|比较|区别|不同|差异|是否(?:一样|相同)|变化"),
        (Task.MOMENT, r"\b(?:at|around|after|before) (?:second |minute |the )?\d+(?::\d+)?(?:\.\d+)? ?(?:s|sec|seconds?|minutes?|min)?\b.{0,30}|第 ?\d+(?:\.\d+)? ?(?:秒|分)|\d+ ?秒(?:时|的时候|处)"),
        (Task.WHEN, r"\bwhen (?:does|do|did|is|are)\b.{0,60}\b(?:appear|show|happen|start|change|occur|begin|end|disappear)|at (?:what|which) (?:time|second|moment|point)|什么时候.{0,20}(?:出现|开始|结束|变)|(?:出现|发生)在(?:第几秒|什么时候)"),
        (Task.LOCATE, r"\b(?:locate|bounding box|bbox|ground(?:ing)?|point (?:to|at|out)|mark|box (?:the|all)|draw a box|coordinates? of)\b|\bwhere (?:is|are|does|do|can i (?:find|see))\b|\bdetect\b|(?:在|位于)(?:哪|什么(?:位置|地方))|位置|坐标|定位|框出|检测"),
        (Task.COUNT, r"\bhow many\b|\bcount\b|number of (?:lines|words|objects|people|pages|pictures|images)|多少(?:个|行|条|字|人|只|辆|张|次|种|页|枚)|几(?:个|行|条|只|人|辆|张|次|种|页|枚)|数一?数"),
        (Task.EXISTS, r"^\W*(?:is|are) there\b|\bdo(?:es)? (?:it|this|the|these|that)\b.{0,30}\b(?:contain|have|include|show|mention|say)\b|\bcan you see (?:a|an|any|the)\b|\b(?:is|are) there (?:a|an|any)\b|有没有|是否(?:有|包含|存在|含有)|有.{1,12}吗|能看到.{1,12}吗"),
        (Task.PART, r"\b(?:first|second|third|last|top|bottom|\d+(?:st|nd|rd|th)) (?:\w+ )?(?:lines?|rows?|words?|paragraph)\b|\bline (?:number )?\d+\b|\b(?:read|text|written|says?)\b.{0,24}\b(?:top|bottom|left|right|middle|cent(?:er|re)|corner)\b|第[一二三四五六七八九十\d]+行|最后一?行|首行|(?:顶部|底部|左边|右边|左侧|右侧|上方|下方|中间).{0,6}(?:文字|写|内容)"),
        (Task.SUM, r"\b(?:sum|add up|average|mean|median) (?:of |all |the )?|\b(?:largest|smallest|biggest|highest|lowest|maximum|minimum|most expensive|cheapest)\b|\bhow much more\b|求和|之和|平均|最大|最小|最高|最低|最贵|最便宜"),
        (Task.READ, r"\b(?:read|transcri\w+|ocr)\b|\bextract\b.{0,16}\btext|what(?:'s| is| does).{0,40}\b(?:say|says|written|read)\b|\btext content|\ball (?:of )?the text|(?:what|which|any) (?:text|words?|characters)\b|what(?:'s| is) the text|\btext (?:in|on|from|of)\b|recogni[sz]e.{0,20}(?:text|characters)|识别|读(?:出|取|一下)|文字|写(?:了|着)?(?:什么|啥)|提取.{0,6}文|文本|内容是什么|ocr"),
        (Task.TABLE, r"\btables?\b|\bcsv\b|\bspreadsheet\b|\bchart|\bgraph\b|\bplot\b|\btrends?\b|\bx-?axis|\by-?axis|表格|图表|柱状图|折线图|饼图|趋势"),
    )
)  # fmt: skip
_LATE: Final[tuple[tuple[Task, re.Pattern[str]], ...]] = tuple(
    (task, re.compile(pattern, re.IGNORECASE))
    for task, pattern in (
        (Task.UNSEEN, r"\b(?:emotions?|mood|feel(?:ing|s)?|who is|who are|identify (?:the )?person|how old|gender|style|breed|species|weather|season|why|translate|translation|joke|poem|story|caption|plausible|wearing|doing|happening to|recipe|diagnos\w+|solve)\b|情绪|心情|表情|翻译|几岁|多大年纪|是谁|品种|天气|季节|为什么|写(?:一)?(?:首|个)|在做什么|在干什么|穿"),
        (Task.SIZE, r"\b(?:dimensions?|resolution|aspect ratio|pixels?|how (?:big|large|wide|tall|high)|width|height|portrait|landscape|orientation)\b|\bsize of\b|what size|尺寸|分辨率|多大|像素|宽高|横向|竖向|横图|竖图"),
        (Task.QUALITY, r"\b(?:blurr?y|blurred|sharp(?:ness)?|in focus|bright(?:ness)?|dark|exposure|contrast|quality|blank|empty)\b|模糊|清晰|亮度|曝光|对比度|画质|质量|空白"),
        (Task.COLORS, r"\bcolou?rs?\b|black and white|gr[ae]yscale|颜色|色彩|色调|什么色|黑白"),
        (Task.DESCRIBE, r"\bdescri\w+|\bcaption\b|what(?:'s| is| are| do| does| can)?\b.{0,30}\b(?:image|picture|photo|this|that|it|here|screenshot|see|video|clip|shown?|happen\w*)\b|\btell me about|\bsummar\w+|\bexplain\b|\banaly[sz]e|\blook at|\boverview\b|what (?:kind|type|sort) of|描述|介绍|总结|概括|说明|分析|解释|这是什么|是什么(?:图|照片)|(?:有|是)(?:些)?什么|看(?:到|见)了?(?:什么|啥)|什么(?:内容|类型|东西)|发生了什么|看看"),
    )
)  # fmt: skip
_ASKS: Final = re.compile(r"\b(?:what|which|when|who|whose|how|where|tell|give|find|extract|get|show|list|name|return|output)\b|[?？:]|什么|多少|哪|是|谁|几|提取|找|给|告诉|查", re.IGNORECASE)
_OF_OTHER: Final = re.compile(r"\b(?:of|on|in|from|at|by|for)(?: the| this| that)? ?$", re.IGNORECASE)
_SUBJECT: Final = re.compile(
    r"(?:what(?:'s| is| are| was| were)|tell me|give me|find|get|show me|extract|which is|read out) (?:the |a |an |its |my |your )?(?P<words>[^?？.,;:!]{2,60})|(?P<han>[\u3400-\u9fff\w]{1,14}?)(?:是(?:多少|什么|谁|几|哪)|为多少|有多少)",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(
    r"\s+(?:(?:shown|written|printed|given|listed|visible|displayed)\s*)?(?:in|on|of|from|at|for)\s+(?:the|this|that|these|each|my|your)?\s*(?:image|picture|photo|receipt|invoice|document|page|screenshot|bill|label|form|card|ticket|chart|table)s?.*$",
    re.IGNORECASE,
)


def read_intents(prompt: str) -> list[Intent]:
    """Everything the prompt asks, in order; UNKNOWN only when nothing else was understood."""
    pieces = [piece.strip() for piece in _SPLIT.split(prompt) if piece and re.search(r"\w", piece)]
    intents: list[Intent] = []
    for piece in pieces:
        intent = _intent(piece)
        twin = any(old.task is intent.task and old.subject == intent.subject and old.concepts == intent.concepts for old in intents)
        if not twin:
            intents.append(intent)
    known = [intent for intent in intents if intent.task is not Task.UNKNOWN]
    return _without_echo(known) or intents[:1] or [Intent(Task.DESCRIBE, prompt)]


def quoted(text: str) -> list[str]:
    """What stands in quotation marks in a text."""
    found = re.findall(r"[\"“”「『]([^\"“”」』]+)[\"“”」』]|(?<!\w)'([^']+)'(?!\w)|‘([^’]+)’", text)
    return [next(group for group in groups if group).strip() for groups in found]


def _without_echo(intents: list[Intent]) -> list[Intent]:
    """Drop a bare "look at this" beside a real question."""
    real = [intent for intent in intents if intent.task is not Task.DESCRIBE]
    weak = re.compile(r"^\W*(?:look at|here is|here are|analy[sz]e|看看|请看)", re.IGNORECASE)
    return [intent for intent in intents if intent in real or not (real and weak.search(intent.text))]


def _intent(piece: str) -> Intent:
    bare = _without_quotes(piece)
    named = _subjects(mentions(bare), bare)
    for task, pattern in _RULES:
        if pattern.search(bare) and not _is_value(task, named, bare):
            return Intent(task, piece, subject_of(piece), named)
    if named and (_ASKS.search(bare) or len(bare.split()) <= 6):
        return Intent(Task.VALUE, piece, subject_of(piece), named)
    for task, pattern in _LATE:
        if pattern.search(bare):
            return Intent(task, piece, subject_of(piece), named)
    subject = _SUBJECT.search(piece)
    if subject:
        return Intent(Task.VALUE, piece, subject_of(piece))
    return Intent(Task.UNKNOWN, piece, subject_of(piece))


def _is_value(task: Task, named: tuple[Concept, ...], piece: str) -> bool:
    """Whether a question that looks like `task` rather asks for a labelled value."""
    if not named:
        return False
    if task is Task.LOCATE:
        return any(concept.name == "address" for concept in named)
    if task is Task.COUNT:
        return any(concept.kind in {"count", "amount"} for concept in named)
    if task in {Task.READ, Task.TABLE, Task.SUM}:
        return not re.search(r"\b(?:all|whole|entire|every|column|row|sum|average)\b|全部|所有|列|文字", piece, re.IGNORECASE)
    return task in {Task.WHEN, Task.MOMENT} and any(concept.kind == "date" for concept in named)


def _subjects(found: list[Mention], piece: str) -> tuple[Concept, ...]:
    """The concepts asked for: in "the date of the shop" the date, not the shop."""
    if len(found) < 2:
        return tuple(mention.concept for mention in found)
    kept = []
    for mention in found:
        before = piece[: mention.start]
        after = piece[mention.start + len(mention.words) :]
        owner = _OF_OTHER.search(before) or re.match(r"'s\b|的", after)
        if not (owner and mention.concept.name in {"company", "customer", "reference", "bank"}):
            kept.append(mention.concept)
    return tuple(kept or [found[0].concept])


def subject_of(piece: str) -> str:
    """The words a question is about: quoted ones first, else what follows its verb."""
    marked = quoted(piece)
    if marked:
        return marked[0]
    match = _SUBJECT.search(piece) or _THING.search(piece)
    if match is None:
        return ""
    words = next((group for group in match.groups() if group), "")
    words = _TAIL.sub("", words.strip())
    return re.sub(r"^(?:a|an|any|the|all|all the|every)\s+", "", words.strip(), flags=re.IGNORECASE)


_THING: Final = re.compile(
    r"(?:how many|count(?: all)?(?: the)?|number of|is there|are there|where (?:is|are)|locate|detect|find|see|contain|show|mention|include|have|point (?:to|at|out)|box|coordinates? of|bounding box(?:es)? (?:of|for|around)|when does|when do|when is) (?:the |a |an |any |all |all the |every )?(?P<words>[^?？.,;:!]{2,50}?)(?=(?: (?:are|is|do|does|can|in|on|at|appear\w*|shown?|with|and|there|start\w*|happen\w*)\b)|[?？.,;:!]|$)"
    r"|(?:有没有|是否有|有多少|多少|几)(?:个|行|条|只|人|辆|张|次|种|页|枚)?(?P<han>[\u3400-\u9fff\w ]{1,12}?)(?:吗|在|[?？，。]|$)"
    r"|有(?P<some>[\u3400-\u9fff\w ]{1,12}?)吗|(?P<where>[\u3400-\u9fff\w ]{1,12}?)(?:在哪|位于|的位置|的坐标)|(?:框出|定位|检测|找到|标出)(?:图(?:片)?中)?(?:所有)?的?(?P<box>[\u3400-\u9fff\w ]{1,12})",
    re.IGNORECASE,
)


def _without_quotes(piece: str) -> str:
    """The question with quoted words taken out: they are a subject, not an instruction."""
    return re.sub(r"[\"“「『][^\"“”」』]+[\"”」』]", " … ", piece)
