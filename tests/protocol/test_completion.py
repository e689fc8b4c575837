"""Byte snapshots of whole answers."""

import msgspec

from qwen_vision.protocol.completion import (
    AnswerFunction,
    AnswerMessage,
    AnswerToolCall,
    Choice,
    Completion,
)
from qwen_vision.protocol.receipt import MediaReceipt
from qwen_vision.protocol.usage import CompletionTokensDetails, PromptTokensDetails, Usage

ID = "chatcmpl-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
USAGE = Usage(
    prompt_tokens=2520,
    completion_tokens=777,
    total_tokens=3297,
    prompt_tokens_details=PromptTokensDetails(image_tokens=2503, text_tokens=17),
    completion_tokens_details=CompletionTokensDetails(reasoning_tokens=539, text_tokens=238),
)
USAGE_JSON = (
    b'{"prompt_tokens":2520,"completion_tokens":777,"total_tokens":3297,'
    b'"prompt_tokens_details":{"image_tokens":2503,"text_tokens":17},'
    b'"completion_tokens_details":{"reasoning_tokens":539,"text_tokens":238}}'
)


def _completion(message: AnswerMessage, *, reason: str = "stop") -> Completion:
    return Completion(
        choices=[Choice(message=message, finish_reason=reason)],
        usage=USAGE,
        created=1770000000,
        model="qwen3.6-plus",
        id=ID,
    )


def _wire(message: bytes, *, reason: bytes = b"stop") -> bytes:
    return (
        b'{"choices":[{"message":' + message + b',"finish_reason":"' + reason + b'","index":0,'
        b'"logprobs":null}],"object":"chat.completion","usage":' + USAGE_JSON + b","
        b'"created":1770000000,"system_fingerprint":null,"model":"qwen3.6-plus",'
        b'"id":"chatcmpl-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"}'
    )


def test_answer_of_a_model_that_thinks_has_its_reasoning_beside_the_content() -> None:
    message = AnswerMessage(role="assistant", content="A dog.", reasoning_content="I see fur.")
    assert msgspec.json.encode(_completion(message)) == _wire(
        b'{"role":"assistant","content":"A dog.","reasoning_content":"I see fur."}'
    )


def test_answer_without_thinking_has_no_reasoning_key() -> None:
    message = AnswerMessage(role="assistant", content="Ein Hund: \N{DOG FACE}")
    assert msgspec.json.encode(_completion(message)) == _wire(
        '{"role":"assistant","content":"Ein Hund: \N{DOG FACE}"}'.encode()
    )


def test_tool_calls_of_a_whole_answer_carry_their_index() -> None:
    call = AnswerToolCall(
        index=0,
        id="call_1f",
        type="function",
        function=AnswerFunction(name="look", arguments='{"x": 1}'),
    )
    message = AnswerMessage(role="assistant", content="", tool_calls=[call])
    assert msgspec.json.encode(_completion(message, reason="tool_calls")) == _wire(
        b'{"role":"assistant","content":"","tool_calls":[{"index":0,"id":"call_1f",'
        b'"type":"function","function":{"name":"look","arguments":"{\\"x\\": 1}"}}]}',
        reason=b"tool_calls",
    )


def test_usage_leaves_out_what_was_not_sent() -> None:
    assert msgspec.json.encode(Usage(1, 2, 3)) == (
        b'{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}'
    )
    video = Usage(1, 2, 3, prompt_tokens_details=PromptTokensDetails(video_tokens=5))
    assert msgspec.json.encode(video).endswith(b'"prompt_tokens_details":{"video_tokens":5}}')


def test_media_receipt_is_the_last_key_and_only_there_when_asked_for() -> None:
    completion = _completion(AnswerMessage(role="assistant", content="x"))
    completion.media_receipt = [
        MediaReceipt(
            index=0,
            param="messages[0].content[0]",
            kind="image",
            source="data",
            original_size=(640, 480),
            final_size=(640, 480),
            tokens=302,
        )
    ]
    assert msgspec.json.encode(completion).endswith(
        b'","media_receipt":[{"index":0,"param":"messages[0].content[0]","kind":"image",'
        b'"source":"data","original_size":[640,480],"final_size":[640,480],"tokens":302}]}'
    )


def test_completion_of_another_server_is_read_with_its_unknown_keys() -> None:
    body = (
        b'{"id":"x","object":"chat.completion","created":1,"model":"m","service_tier":null,'
        b'"choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":null,'
        b'"reasoning_content":null,"tool_calls":null},"finish_reason":"length"}]}'
    )
    completion = msgspec.json.decode(body, type=Completion)
    assert completion.choices[0].message.content is None
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage is None
