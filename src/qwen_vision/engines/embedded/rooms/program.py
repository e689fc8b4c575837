"""Program: questions about code on a screenshot, answered by its print."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from qwen_vision.engines.embedded.documents.program import (
    assigned,
    classes,
    comments,
    functions,
    imports,
    language_of_code,
)
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.language import join_words
from qwen_vision.engines.embedded.rooms.finding import Finding
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Say, Step, Thought

_LANGUAGE: Final = re.compile(
    r"\b(?:programming |what |which )language\b|\blanguage\b.{0,30}\b(?:code|script|program|"
    r"written)\b|"
    r"(?:什么|哪种|何种|编程|程序)语言",
    re.IGNORECASE,
)
_FUNCTIONS: Final = re.compile(r"\b(?:functions?|methods?|routines?)\b|函数|方法", re.IGNORECASE)
_CLASSES: Final = re.compile(r"\bclass(?:es)?\b|类(?:名|有|是)", re.IGNORECASE)
_PARAMETERS: Final = re.compile(
    r"\b(?:parameters?|arguments?|args|params|take[sn]?)\b|参数", re.IGNORECASE
)
_IMPORTS: Final = re.compile(
    r"\b(?:imports?|imported|modules?|librar(?:y|ies)|packages?|dependenc(?:y|ies)|headers?|includes?d?)\b|"
    r"导入|引入|模块|依赖",
    re.IGNORECASE,
)
_COMMENTS: Final = re.compile(r"\bcomments?\b|注释", re.IGNORECASE)
_ASKS: Final = re.compile(
    r"\b(?:what|which|list|name|show|tell|how many|give)\b|哪|什么|列出|几|多少", re.IGNORECASE
)
_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*")


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told about code: the answer alone, and what it is, in English and Chinese."""

    answer: str
    en: str
    zh: str


async def _tell(scene: Scene, told: _Told) -> AsyncIterator[Step]:
    """The answer first, then what it is."""
    yield Thought(f"Read the text as code: {told.en}.")
    yield Say(
        scene.say(f"{told.answer} ({told.en}).", f"{told.answer}（{told.zh}）。"), bare=told.answer
    )


async def _told(scene: Scene, intent: Intent) -> _Told | None:
    text = (await scene.eyes.read(scene.images[0][1])).text
    language = language_of_code(text)
    if language is None or not _ASKS.search(intent.text):
        return None
    if _LANGUAGE.search(intent.text):
        return _Told(language, "by the look of its lines", "根据代码的写法判断")
    return _of_names(text, intent.text) or _of_lists(text, intent.text)


def _of_names(text: str, question: str) -> _Told | None:
    """What a name that the question says is set to, or takes."""
    said = [
        word
        for word in _NAME.findall(question)
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)
    ]
    defined = {one.name: one for one in functions(text)}
    for word in said:
        if word in defined and _PARAMETERS.search(question) and defined[word].parameters:
            return _Told(defined[word].parameters, f"the parameters of {word}", f"{word} 的参数")
    for word in said:
        value = assigned(text, word) if word not in defined and len(word) > 1 else None
        if value is not None and not _IMPORTS.search(question) and _is_code_name(word, question):
            return _Told(value, f"{word} = {value}", f"{word} = {value}")
    return None


def _is_code_name(word: str, question: str) -> bool:
    """Whether a word is meant as a name of the code: written as one, or asked to be set."""
    written = "_" in word or not word.islower()
    sets = re.search(
        r"\b(?:set|equal|value|default|assigned|initiali[sz]ed)\b|值|默认|等于", question, re.I
    )
    return written or sets is not None


def _of_lists(text: str, question: str) -> _Told | None:
    kinds = (
        (_FUNCTIONS, [one.name for one in functions(text)], "functions", "函数"),
        (_CLASSES, classes(text), "classes", "类"),
        (_IMPORTS, imports(text), "imports", "导入"),
        (_COMMENTS, comments(text), "comments", "注释"),
    )
    for pattern, found, en, zh in kinds:
        if pattern.search(question) and found:
            many = re.search(r"\bhow many\b|多少|几个", question, re.IGNORECASE)
            listed = join_words("en", found)
            if many:
                return _Told(str(len(found)), f"{en}: {listed}", f"{zh}：{listed}")
            return _Told(listed, f"{en} in the code", f"代码中的{zh}")
    return None


PROGRAM: Final = Finding(_told, _tell, of_several=True)
