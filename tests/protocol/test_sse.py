"""Server-sent events: what we write, and a reader that survives any cut."""

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from qwen_vision.protocol.sse import DONE, MEDIA_TYPE, EventReader, frame

PAYLOADS = st.lists(st.text().map(lambda text: json.dumps({"text": text}).encode()), max_size=8)


def _read(pieces: list[bytes]) -> list[bytes]:
    reader = EventReader()
    found = [payload for piece in pieces for payload in reader.feed(piece)]
    return [*found, *reader.end()]


def _cut(body: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(body), *(place % (len(body) + 1) for place in places)})
    return [body[start:end] for start, end in itertools.pairwise(edges)]


def test_frame_is_a_data_line_and_a_blank_line() -> None:
    assert frame(b'{"a":1}') == b'data: {"a":1}\n\n'
    assert DONE == b"data: [DONE]\n\n"
    assert MEDIA_TYPE == "text/event-stream;charset=UTF-8"


@given(payloads=PAYLOADS, places=st.lists(st.integers(0, 10_000), max_size=30))
def test_reader_gives_back_what_was_framed_however_the_bytes_are_cut(
    payloads: list[bytes], places: list[int]
) -> None:
    body = b"".join(map(frame, payloads)) + DONE
    assert _read(_cut(body, places)) == [*payloads, b"[DONE]"]


@given(payloads=PAYLOADS, places=st.lists(st.integers(0, 10_000), max_size=30))
def test_reader_takes_carriage_returns_and_no_space_after_the_colon(
    payloads: list[bytes], places: list[int]
) -> None:
    body = b"".join(b"id:1\r\ndata:" + payload + b"\r\n\r\n" for payload in payloads)
    assert _read(_cut(body, places)) == payloads


def test_reader_joins_several_data_lines_and_skips_comments() -> None:
    body = b": keep-alive\n\nevent: result\ndata: one\ndata: two\n\n\n\ndata: three\n\n"
    assert _read([body]) == [b"one\ntwo", b"three"]


def test_reader_gives_the_last_event_when_the_stream_ends_without_its_blank_line() -> None:
    assert _read([b"data: one\n\ndata: tw", b"o"]) == [b"one", b"two"]
    assert _read([b"data: one\n"]) == [b"one"]
    assert _read([]) == []
