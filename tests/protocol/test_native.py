"""The native request: what is taken, what is refused, and what it becomes."""

import json

import pytest

from qwen_vision.errors import (
    ContentPartError,
    FieldTypeError,
    InvalidRequestError,
    MalformedBodyError,
    MissingInputError,
    MissingMessagesError,
    MissingModelError,
    QwenVisionError,
    SeedError,
)
from qwen_vision.protocol.messages import Message
from qwen_vision.protocol.native import decode_native
from qwen_vision.protocol.native_chat import to_chat
from qwen_vision.protocol.parts import (
    AudioPart,
    BoundedVideoPart,
    ContentPart,
    FramesPart,
    ImagePart,
    ImageUrl,
    TextPart,
    VideoUrl,
)
from qwen_vision.protocol.request import ChatRequest, decode_request, encode_request


def body(*content: object, **parameters: object) -> bytes:
    messages = [{"role": "user", "content": list(content)}]
    return json.dumps(
        {"model": "qwen3-vl-plus", "input": {"messages": messages}, "parameters": parameters}
    ).encode()


def chat(*content: object, **parameters: object) -> ChatRequest:
    return to_chat(decode_native(body(*content, **parameters)), stream=False)


PARTS: list[tuple[object, ContentPart]] = [
    ({"text": "Hi"}, TextPart("Hi")),
    (
        {"image": "http://x/a.png", "min_pixels": 4, "max_pixels": 9, "enable_rotate": True},
        ImagePart(ImageUrl("http://x/a.png"), min_pixels=4, max_pixels=9),
    ),
    (
        {"video": "http://x/a.mp4", "fps": 2, "max_frames": 8, "total_pixels": 7},
        BoundedVideoPart(VideoUrl("http://x/a.mp4"), fps=2, max_frames=8, total_pixels=7),
    ),
    ({"video": ["a", "b"], "fps": 0.5}, FramesPart(["a", "b"], fps=0.5)),
]


@pytest.mark.parametrize(("item", "part"), PARTS)
def test_an_item_becomes_the_part_of_its_kind(item: object, part: ContentPart) -> None:
    assert chat(item).messages[0].content == [part]


def test_audio_is_known_and_left_to_be_refused() -> None:
    content = chat({"audio": "http://x/a.wav"}).messages[0].content
    assert isinstance(content, list)
    assert isinstance(content[0], AudioPart)


def test_a_bounded_video_is_written_as_the_compatible_part() -> None:
    request = chat({"video": "http://x/a.mp4", "max_frames": 8})
    part = json.loads(encode_request(request))["messages"][0]["content"][0]
    assert part == {"type": "video_url", "video_url": {"url": "http://x/a.mp4"}, "max_frames": 8}
    again = decode_request(encode_request(request)).messages[0].content
    assert isinstance(again, list)
    assert not isinstance(again[0], BoundedVideoPart), "a compatible body cannot bound frames"


def test_system_items_become_one_text() -> None:
    messages = [
        {"role": "system", "content": [{"text": "Be "}, {"text": "kind."}]},
        {"role": "user", "content": "Hi"},
    ]
    raw = json.dumps({"model": "m", "input": {"messages": messages}}).encode()
    assert to_chat(decode_native(raw), stream=True).messages == [
        Message(role="system", content="Be kind."),
        Message(role="user", content="Hi"),
    ]


def test_a_prompt_is_one_message() -> None:
    raw = b'{"model":"m","input":{"prompt":"Hi"},"parameters":{}}'
    assert to_chat(decode_native(raw), stream=False).messages == [
        Message(role="user", content="Hi")
    ]


def test_parameters_keep_their_names() -> None:
    given = {
        "temperature": 0.5,
        "top_p": 0.6,
        "top_k": 7,
        "seed": 8,
        "stop": ["x"],
        "max_tokens": 9,
        "presence_penalty": 0.1,
        "repetition_penalty": 1.1,
        "enable_thinking": True,
        "thinking_budget": 10,
        "vl_high_resolution_images": True,
    }
    found = json.loads(encode_request(chat({"text": "Hi"}, **given)))
    assert {name: found[name] for name in given} == given


def test_what_the_service_does_not_know_is_ignored() -> None:
    assert chat({"text": "Hi", "odd": 1}, odd=2, result_format="message").model == "qwen3-vl-plus"


@pytest.mark.parametrize(("given", "seed"), [(2**31 + 5, 5), (2**63 - 1, 2**31 - 1), (-1, -1)])
def test_seeds_of_63_bits_are_taken(given: int, seed: int) -> None:
    assert chat({"text": "Hi"}, seed=given).seed == seed


def test_a_longer_seed_is_refused() -> None:
    with pytest.raises(SeedError) as caught:
        chat({"text": "Hi"}, seed=2**63)
    assert caught.value.native_text == "Range of seed should be [0, 9223372036854775807]"


def test_an_ocr_task_asks_in_its_own_words() -> None:
    request = chat({"image": "http://x/a.png"}, {"text": "x"}, ocr_options={"task": "multi_lan"})
    content = request.messages[0].content
    assert isinstance(content, list)
    assert len(content) == 2
    assert isinstance(content[1], TextPart)
    assert content[1].text.startswith("Please output only the text content")


REFUSED: list[tuple[bytes, type[QwenVisionError]]] = [
    (b"", MalformedBodyError),
    (b"[]", MalformedBodyError),
    (b"{", MalformedBodyError),
    (b"\xff", MalformedBodyError),
    (b'{"input":{"prompt":"Hi"}}', MissingModelError),
    (b'{"model":"m"}', MissingInputError),
    (b'{"model":"m","input":{}}', MissingMessagesError),
    (b'{"model":"m","input":{"messages":[{"role":"user","content":["x"]}]}}', ContentPartError),
    (b'{"model":"m","input":{"messages":[{"role":"user","content":7}]}}', FieldTypeError),
    (b'{"model":"m","input":{"messages":[{"role":"robot","content":"x"}]}}', FieldTypeError),
    (body({"text": "Hi"}, temperature="hot"), FieldTypeError),
    (body({"text": "Hi"}, ocr_options={"task": "guess"}), InvalidRequestError),
    (body({"text": "Hi"}, ocr_options={}), FieldTypeError),
]


@pytest.mark.parametrize(("raw", "error"), REFUSED)
def test_a_request_of_a_wrong_shape_is_refused(raw: bytes, error: type[QwenVisionError]) -> None:
    with pytest.raises(error):
        decode_native(raw)


@pytest.mark.parametrize("item", [{}, {"image": "a", "text": "b"}, {"fps": 2}])
def test_an_item_is_of_one_kind(item: object) -> None:
    with pytest.raises(ContentPartError) as caught:
        chat({"text": "Hi"}, item)
    assert caught.value.param == "messages[0].content[1]"
    assert caught.value.native_text == "The item of content should be a message of a certain modal."
