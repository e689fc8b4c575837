"""Pages: lets web pages of this machine read what the server answers, as browsers ask for it."""

from typing import Final

from qwen_vision.server.exchange import Exchange
from qwen_vision.server.gate import is_here

_READABLE: Final = b"x-request-id, x-qwen-vision-engine, retry-after"
# How long a browser need not ask again.
_REMEMBERED_S: Final = b"600"


async def is_only_asking(exchange: Exchange) -> bool:
    """Whether a page of this machine only asked what it may send; then it has been told.

    Its other requests are answered as always, with the headers that let it read the answer.
    Pages from elsewhere get none of them.
    """
    origin = exchange.headers.get(b"origin")
    if origin is None or not is_here(origin):
        return False
    exchange.extra_headers += [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", _READABLE),
        (b"vary", b"origin"),
    ]
    asks = b"access-control-request-method" in exchange.headers
    if exchange.scope["method"] != "OPTIONS" or not asks:
        return False
    wanted = exchange.headers.get(b"access-control-request-headers", b"content-type")
    exchange.extra_headers += [
        (b"access-control-allow-methods", b"GET, POST"),
        (b"access-control-allow-headers", wanted),
        (b"access-control-max-age", _REMEMBERED_S),
    ]
    await exchange.answer_empty(status=204)
    return True
