"""Server-sent events as the dialect writes them, and a reader for what others write."""

from collections.abc import Iterator

DONE = b"data: [DONE]\n\n"
MEDIA_TYPE = "text/event-stream;charset=UTF-8"


def frame(payload: bytes) -> bytes:
    """One event: `data: ` + JSON + a blank line."""
    return b"data: " + payload + b"\n\n"


class EventReader:
    """Splits a byte stream into the payloads of its events.

    Takes LF and CRLF, several `data:` lines in one event, comments, and pieces cut anywhere.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Payloads that `piece` completes, `[DONE]` included."""
        lines = (self._tail + piece).split(b"\n")
        self._tail = lines.pop()
        for raw in lines:
            line = raw.removesuffix(b"\r")
            if line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
            elif not line and self._data:
                yield b"\n".join(self._data)
                self._data = []

    def end(self) -> Iterator[bytes]:
        """What is left when the stream ends without its last blank line."""
        yield from self.feed(b"\n\n")
