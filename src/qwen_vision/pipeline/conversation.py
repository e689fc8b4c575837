"""Checks the order of a conversation's messages (dialect.md, messages)."""

from collections.abc import Sequence

from qwen_vision.errors import (
    ContentPartError,
    EmptyMessagesError,
    FieldTypeError,
    LastMessageError,
    MissingToolAnswerError,
    OrphanToolMessageError,
)
from qwen_vision.protocol.messages import Message
from qwen_vision.protocol.parts import AudioPart


def check_conversation(messages: Sequence[Message]) -> None:
    """Raise the dialect's error for messages that make no conversation."""
    if not messages:
        raise EmptyMessagesError
    waiting: dict[str, None] = {}
    for index, message in enumerate(messages):
        _check_content(message, index=index)
        if message.role == "tool":
            if message.tool_call_id not in waiting:
                raise OrphanToolMessageError(param=f"messages[{index}]")
            del waiting[message.tool_call_id]
            continue
        if waiting:
            raise MissingToolAnswerError(ids=", ".join(waiting), param=f"messages[{index}]")
        waiting = {call.id: None for call in message.tool_calls or ()}
    if waiting:
        raise MissingToolAnswerError(ids=", ".join(waiting), param=f"messages[{len(messages) - 1}]")
    last = messages[-1]
    if last.role not in ("user", "tool") and not (last.role == "assistant" and last.partial):
        raise LastMessageError(role=last.role, param=f"messages[{len(messages) - 1}].role")


def mentions_json(messages: Sequence[Message]) -> bool:
    """Whether the word JSON stands anywhere in the messages, in any case."""
    return any("json" in text.lower() for message in messages for text in message.texts)


def _check_content(message: Message, *, index: int) -> None:
    content = message.content
    if content is None:
        if message.role == "user" or (message.role != "assistant" and not message.tool_calls):
            raise FieldTypeError(
                f"A message of role '{message.role}' needs content: a text or a list of parts.",
                param=f"messages[{index}].content",
            )
        return
    if isinstance(content, str):
        return
    for place, part in enumerate(content):
        if isinstance(part, AudioPart):
            raise ContentPartError(
                "Vision models do not take audio. Send pictures, videos or text; "
                "for audio use an omni model.",
                param=f"messages[{index}].content[{place}]",
            )
