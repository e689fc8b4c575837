"""Control tokens: what looks like one in a caller's text is made plain text."""

import re
from typing import Final

import msgspec

from qwen_vision.protocol.messages import Message
from qwen_vision.protocol.parts import TextPart
from qwen_vision.protocol.request import ChatRequest

# The family writes its control tokens <|name|>. A zero-width space inside keeps what a reader
# sees and stops the tokenizer from seeing one token.
_TOKEN: Final = re.compile(r"<\|([A-Za-z0-9_]{1,40})\|>")
_PLAIN: Final = "<\u200b|\\1|>"


def neutralise(request: ChatRequest) -> ChatRequest:
    """The request with every control token in its texts made plain; the same one without any."""
    messages = [_plain_message(message) for message in request.messages]
    # Lists compare by identity first: an untouched conversation costs no look into it.
    if messages == request.messages:
        return request
    return msgspec.structs.replace(request, messages=messages)


def plain_text(text: str) -> str:
    """`text` without anything that a tokenizer would take for a control token."""
    return _TOKEN.sub(_PLAIN, text) if "<|" in text else text


def _plain_message(message: Message) -> Message:
    content = message.content
    if isinstance(content, str):
        text = plain_text(content)
        return message if text is content else msgspec.structs.replace(message, content=text)
    if not content or not any(
        isinstance(part, TextPart) and _TOKEN.search(part.text) for part in content
    ):
        return message
    parts = [
        msgspec.structs.replace(part, text=plain_text(part.text))
        if isinstance(part, TextPart)
        else part
        for part in content
    ]
    return msgspec.structs.replace(message, content=parts)
