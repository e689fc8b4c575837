"""Server-sent events as the dialect writes them, and a reader for what others write."""

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

    def feed(self, piece: bytes) -> list[bytes]:
        """Payloads that `piece` completes, `[DONE]` included."""
        lines = (self._tail + piece).split(b"\n")
        self._tail = lines.pop()
        payloads: list[bytes] = []
        data = self._data
        for raw in lines:
            line = raw[:-1] if raw[-1:] == b"\r" else raw
            if line[:5] == b"data:":
                data.append(line[6:] if line[5:6] == b" " else line[5:])
            elif not line and data:
                payloads.append(b"\n".join(data))
                data.clear()
        return payloads

    def end(self) -> list[bytes]:
        """What is left when the stream ends without its last blank line."""
        return self.feed(b"\n\n")
