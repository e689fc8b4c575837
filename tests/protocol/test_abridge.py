"""Abridging bodies: only the middle of long data URIs is left out."""

import json

import pytest

from qwen_vision.protocol.abridge import abridge
from qwen_vision.protocol.parts import ContentPart, FramesPart, ImagePart, ImageUrl
from qwen_vision.protocol.request import ChatRequest, decode_request

URL = "data:image/png;base64," + "iVBOR" * 4000


def body_of(*parts: object, indent: int | None = None) -> bytes:
    messages = [{"role": "user", "content": list(parts)}]
    return json.dumps({"model": "m", "messages": messages, "seed": 7}, indent=indent).encode()


def parts_of(request: ChatRequest) -> list[ContentPart]:
    content = request.messages[0].content
    assert isinstance(content, list)
    return content


@pytest.mark.parametrize("indent", [None, 2])
def test_long_data_uris_keep_their_beginning_only(indent: int | None) -> None:
    picture = {"type": "image_url", "image_url": {"url": URL, "max_pixels": 9}}
    frames = {"type": "video", "video": [URL, "https://example.com/a.png", URL]}
    body = body_of(picture, {"type": "text", "text": "What?"}, frames, indent=indent)
    short = abridge(body)
    request, whole = decode_request(short), decode_request(body)
    assert len(short) < 1500
    assert request.seed == 7
    first, text, second = parts_of(request)
    assert isinstance(first, ImagePart)
    assert isinstance(first.image_url, ImageUrl)
    assert first.image_url.max_pixels == 9
    assert URL.startswith(first.image_url.url)
    assert text == parts_of(whole)[1]
    assert isinstance(second, FramesPart)
    assert [len(url) > 100 for url in second.video] == [True, False, True]


@pytest.mark.parametrize(
    "text",
    [
        "short data:image/png;base64,iVBOR",
        "Not at the start: " + URL,
        json.dumps({"url": URL}),
        "data:x\\" + URL,
        "data:x;base64," + "A" * 5000 + "\\",
        "\u00e9" * 5000,
    ],
)
def test_texts_and_escapes_are_read_as_they_stand(text: str) -> None:
    body = body_of({"type": "text", "text": text})
    assert abridge(body) is body


@pytest.mark.parametrize("body", [b"", b'"data:;base64,', b'"data:;base64,' + b"A" * 9000, b"{}"])
def test_what_is_no_request_comes_back_as_it_is(body: bytes) -> None:
    assert abridge(body) is body
