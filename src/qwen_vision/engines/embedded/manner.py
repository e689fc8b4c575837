"""Manner: how an answer is wanted: alone, as one number, yes or no, a date in ISO form."""

import re
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.documents.amounts import CURRENCIES
from qwen_vision.engines.embedded.documents.dates import DateOrder, find_dates

_NUMBER: Final = re.compile(
    r"\b(?:only|just)(?: with)?(?: the| a| one)? (?:number|figure|digits?)s?\b|"
    r"\b(?:number|figure|digits?)s? only\b|(?:as )?\b(?:one|a single) number\b|"
    r"\bas (?:a )?(?:plain|bare|raw|simple) (?:number|figure)\b|"
    r"\bno (?:currency(?: (?:symbol|sign|mark)s?)?|units?)\b|"
    r"(?:只|仅)(?:需|要|回答|输出|给出|返回|写|说)*(?:一个)?(?:数字|数值)",
    re.IGNORECASE,
)
_YES_NO: Final = re.compile(
    r"(?:answer|reply|respond|say)?(?: (?:with|only|just))*\s*\(?\byes ?(?:or|/) "
    r"?no\b\)?(?: only)?|"
    r"(?:只|仅|请)?回答[“\"]?(?:是|有|对)[”\"]?(?:或|还是|/|、)[“\"]?(?:否|没有|不是|错)[”\"]?",
    re.IGNORECASE,
)
_ISO: Final = re.compile(
    r"\b(?:in|as) iso(?:[ -]?8601)?(?: (?:date )?format)?(?: \(?yyyy-mm-dd\)?)?|"
    r"\(?(?:(?:in|as)(?: the)? (?:format )?)?yyyy-mm-dd(?: format)?\)?",
    re.IGNORECASE,
)
_BARE: Final = re.compile(
    r"\b(?:answer|reply|respond)(?: (?:with|using))? (?:only|just)\b(?: with)?|"
    r"(?:\b(?:with|in|as|using) (?:only )?|(?:^|(?<=[.,;:?!]))\s*)(?:one|a single|single) word\b"
    r"(?: only| answer)?|"
    r"\bin a word\b|\band nothing else\b|\bnothing else\b|\bno words\b|"
    r"\b(?:no|without)(?: any)? (?:other|extra|additional|further)? ?"
    r"(?:text|words|explanations?|comments?|commentary|sentences?)\b|"
    r"\b(?:only|just) the (?=(?:answer|value|name|e-?mail|date|time|amount|price|total|text|line|"
    r"phone|address|title|file|code|result|word)\b)(?!text (?:content|in|from))|"
    r"(?<=\w) only(?=\s*(?:[,.!]|$))|"
    r"(?:只|仅)(?:需|要|需要)?(?:回答|输出|给出|返回|写|说)|不要(?:任何)?(?:解释|其他|多余).{0,6}",
    re.IGNORECASE,
)
# What is left of "Answer with only the number." once its manner is taken out.
_LEFT: Final = re.compile(
    r"(?im)(?:^|(?<=[.?!。？！;,，]))\s*(?:please )?(?:answer|reply|respond|return|output|say|"
    r"always|with|in|as|the|one|and|or|value|answer|回答|请|it)*(?:\s+(?:with|in|the|a|answer))*"
    r"\s*[.!。,，;]?\s*$"
)

# Numbers that are no quantity stay whole: 20418-77, +41 44 555 01 23, RN-2084, 17C.
_CODE: Final = re.compile(
    r"\+?\(?\d+\)?(?:[ /-]\(?\d+\)?)+|(?P<letters>[A-Z]{1,5})[ -]?\d[\dA-Z-]*|\d{1,3}[A-Z]"
)


def _is_code(answer: str) -> bool:
    match = _CODE.fullmatch(answer)
    return match is not None and (match["letters"] or "").lower() not in CURRENCIES


@dataclass(frozen=True, slots=True)
class Manner:
    """How the answer is wanted; `bare` is the answer alone, without a sentence around it."""

    bare: bool = False
    number: bool = False
    iso_date: bool = False

    def shape(self, answer: str, *, order: DateOrder = "dmy") -> str:
        """The answer alone, as it is wanted: `£21.42` is 21.42 where a number is."""
        if self.iso_date:
            dates = find_dates(answer, order)
            return dates[0].date.isoformat() if dates else answer
        if self.number:
            if _is_code(answer):
                return answer
            number = re.search(r"[-\u2212]?\d[\d.,']*(?<=\d)", answer)
            return number[0] if number else answer
        return answer


def manner_of(*texts: str) -> Manner:
    """The manner that any of the texts, a question or a system's words, asks for."""
    said = "\n".join(texts)
    number = bool(_NUMBER.search(said))
    iso = bool(_ISO.search(said))
    bare = number or bool(_YES_NO.search(said) or _BARE.search(said))
    return Manner(bare=bare, number=number, iso_date=iso)


_SENTENCE: Final = re.compile(r"(?<=[.?!。？！])\s*(?=\S)|\n+")
_SHORT_WORDS: Final = 6


def without_manner(question: str) -> str:
    """The question without the words that only say how to answer it.

    A short sentence after the first that says how is taken out whole: "Only the text."
    """
    first, *others = [part for part in _SENTENCE.split(question) if part.strip()] or [question]
    asked = [part for part in others if not _only_says_how(part)]
    return _cut(" ".join([first, *asked])) if len(asked) < len(others) else _cut(question)


def _only_says_how(sentence: str) -> bool:
    says = any(pattern.search(sentence) for pattern in (_NUMBER, _YES_NO, _ISO, _BARE))
    return says and len(sentence.split()) <= _SHORT_WORDS and "json" not in sentence.lower()


def _cut(question: str) -> str:
    rest = question
    for pattern in (_NUMBER, _YES_NO, _ISO, _BARE):
        rest = pattern.sub(" ", rest)
    if rest == question:
        return question
    rest = _LEFT.sub("", re.sub(r"[ \t]+", " ", rest))
    rest = re.sub(r"\s+([?,.!？，。])|[(（]\s*[)）]", r"\1", rest).strip(" ,，;:：")
    return rest if re.search(r"\w", rest) else question
