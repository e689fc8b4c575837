"""Chat: the first or last message of a chat screenshot, one by its time, and how many there are."""

import re
from collections.abc import AsyncIterator
from typing import Final

from qwen_vision.engines.embedded.documents.chat import ChatMessage, chat_messages
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.rooms.finding import Finding
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Say, Step, Thought

_MESSAGE: Final = re.compile(
    r"\bmessages?\b|\btexts?\b|\brepl(?:y|ies)\b|消息|信息|回复", re.IGNORECASE
)
_FIRST: Final = re.compile(r"\bfirst\b|第一", re.IGNORECASE)
_LAST: Final = re.compile(r"\b(?:last|latest|final|newest|most recent)\b|最后|最新", re.IGNORECASE)
_MANY: Final = re.compile(r"\bhow many\b|\bcount\b|多少|几", re.IGNORECASE)
_WROTE: Final = re.compile(
    r"\b(?:write|wrote|written|say|said|sent|send|reply|replied|answer(?:ed)?)\b|说|写|发|回",
    re.IGNORECASE,
)
_PEOPLE: Final = re.compile(
    r"\bwho\b.{0,40}\b(?:people|persons?|participants?|chat\w*|conversation|talking|writing|members?)\b|"
    r"\b(?:people|participants|members)\b.{0,30}\b(?:chat|conversation|group)\b|谁在聊|有哪些人",
    re.IGNORECASE,
)
_TIME: Final = re.compile(r"\b\d{1,2}[:：]\d{2}\b")


async def _tell(_scene: Scene, told: tuple[str, str]) -> AsyncIterator[Step]:
    """The message, or the number of messages, as the screenshot shows them."""
    yield Thought("Read the picture as a chat: a time ends each message.")
    yield Say(told[0], bare=told[1])


async def _told(scene: Scene, intent: Intent) -> tuple[str, str] | None:
    question = intent.text
    messages = chat_messages(await scene.eyes.read(scene.images[0][1]))
    if not messages:
        return None
    senders = list(dict.fromkeys(one.sender for one in messages if one.sender))
    if _PEOPLE.search(question) and senders:
        return _names(senders)
    named = [name for name in senders if re.search(rf"(?i)\b{re.escape(name)}\b", question)]
    own = [one for one in messages if not named or one.sender in named]
    if _MANY.search(question) and _MESSAGE.search(question):
        return _many(scene, own, named)
    asked = _asked(question, own)
    if not asked:
        return None
    return "\n".join(map(_line, asked)), "\n".join(one.text for one in asked)


def _names(senders: list[str]) -> tuple[str, str]:
    listed = ", ".join(senders)
    return listed, listed


def _many(scene: Scene, own: list[ChatMessage], named: list[str]) -> tuple[str, str]:
    listed = "\n".join(f"- {_line(one)}" for one in own)
    who = ", ".join(named)
    en = f"{len(own)} messages" + (f" from {who}" if who else "")
    zh = (f"{who}发了" if who else "共") + f" {len(own)} 条消息"
    return scene.say(f"{en}:\n{listed}", f"{zh}：\n{listed}"), str(len(own))


def _asked(question: str, own: list[ChatMessage]) -> list[ChatMessage]:
    """The messages at a time that the question says, or its first or last one."""
    clock = _TIME.search(question)
    if clock is not None and (_WROTE.search(question) or _MESSAGE.search(question)):
        return [one for one in own if clock[0] in one.time]
    if not _MESSAGE.search(question):
        return []
    if _LAST.search(question):
        return own[-1:]
    return own[:1] if _FIRST.search(question) else []


def _line(message: ChatMessage) -> str:
    who = f"{message.sender}: " if message.sender else ""
    return f"{who}{message.text} ({message.time})"


CHAT: Final = Finding(_told, _tell, of_several=True)
