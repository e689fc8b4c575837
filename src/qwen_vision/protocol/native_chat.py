"""Native to compatible: the same request in the shape the pipeline takes."""

from typing import Final

from qwen_vision.errors import ContentPartError, SeedError
from qwen_vision.protocol.messages import Message
from qwen_vision.protocol.native import (
    NativeItem,
    NativeMessage,
    NativeParameters,
    NativeRequest,
    OcrOptions,
)
from qwen_vision.protocol.ocr_tasks import task_prompt
from qwen_vision.protocol.parts import (
    AudioInput,
    AudioPart,
    BoundedVideoPart,
    ContentPart,
    FramesPart,
    ImagePart,
    ImageUrl,
    TextPart,
    VideoUrl,
)
from qwen_vision.protocol.request import ChatRequest, StreamOptions

MAX_SEED: Final = 2**63 - 1
_COMPATIBLE_SEEDS: Final = 2**31


def to_chat(request: NativeRequest, *, stream: bool) -> ChatRequest:
    """The chat request that asks the same; its answer comes with usage and receipt.

    Raises ContentPartError for an item of no kind or of several, SeedError over 2^63-1.
    """
    given = request.parameters
    messages = _messages(request)
    if given.ocr_options is not None and messages:
        _ask_task(messages[-1], given.ocr_options)
    return ChatRequest(
        model=request.model,
        messages=messages,
        stream=stream,
        stream_options=StreamOptions(include_usage=True) if stream else None,
        # The sizes of the pictures are part of some answers.
        media_receipt=True,
        seed=_seed(given),
        temperature=given.temperature,
        top_p=given.top_p,
        top_k=given.top_k,
        presence_penalty=given.presence_penalty,
        repetition_penalty=given.repetition_penalty,
        stop=given.stop,
        max_tokens=given.max_tokens,
        max_completion_tokens=given.max_completion_tokens,
        n=given.n,
        enable_thinking=given.enable_thinking,
        thinking_budget=given.thinking_budget,
        preserve_thinking=given.preserve_thinking,
        vl_high_resolution_images=given.vl_high_resolution_images,
        vl_enable_image_hw_output=given.vl_enable_image_hw_output,
        tools=given.tools,
        tool_choice=given.tool_choice,
        parallel_tool_calls=given.parallel_tool_calls,
        response_format=given.response_format,
        logprobs=given.logprobs,
        top_logprobs=given.top_logprobs,
        enable_search=given.enable_search,
        coordinates=given.coordinates,
    )


def _messages(request: NativeRequest) -> list[Message]:
    given = request.input.messages
    if given is None:
        return [Message(role="user", content=request.input.prompt)]
    return [_message(message, place) for place, message in enumerate(given)]


def _message(message: NativeMessage, place: int) -> Message:
    content: str | list[ContentPart] | None
    if isinstance(message.content, list):
        content = [
            _part(item, param=f"messages[{place}].content[{index}]")
            for index, item in enumerate(message.content)
        ]
    else:
        content = message.content
    if message.role in ("system", "assistant", "tool") and isinstance(content, list):
        content = _plain(content)
    return Message(
        role=message.role,
        content=content,
        name=message.name,
        tool_calls=message.tool_calls,
        tool_call_id=message.tool_call_id,
        reasoning_content=message.reasoning_content,
        partial=message.partial,
    )


def _plain(content: list[ContentPart]) -> str | list[ContentPart]:
    """Items of text alone as one text, the way compatible clients write these roles."""
    texts = [part.text for part in content if isinstance(part, TextPart)]
    return "".join(texts) if len(texts) == len(content) else content


def _part(item: NativeItem, *, param: str) -> ContentPart:
    """Raises ContentPartError."""
    kinds = (item.text, item.image, item.video, item.audio)
    if sum(kind is not None for kind in kinds) != 1:
        raise ContentPartError(param=param)
    if item.text is not None:
        return TextPart(item.text, cache_control=item.cache_control)
    if item.image is not None:
        return ImagePart(
            ImageUrl(item.image),
            min_pixels=item.min_pixels,
            max_pixels=item.max_pixels,
            cache_control=item.cache_control,
        )
    if isinstance(item.video, list):
        return FramesPart(
            item.video,
            fps=item.fps,
            min_pixels=item.min_pixels,
            max_pixels=item.max_pixels,
            total_pixels=item.total_pixels,
            cache_control=item.cache_control,
        )
    if item.video is not None:
        return BoundedVideoPart(
            VideoUrl(item.video),
            fps=item.fps,
            min_pixels=item.min_pixels,
            max_pixels=item.max_pixels,
            total_pixels=item.total_pixels,
            cache_control=item.cache_control,
            max_frames=item.max_frames,
        )
    return AudioPart(AudioInput(item.audio or ""))


def _ask_task(message: Message, options: OcrOptions) -> None:
    """Replace the words of the last turn by those of the task; its pictures stay."""
    pictures = [] if not isinstance(message.content, list) else message.content
    kept = [part for part in pictures if not isinstance(part, TextPart)]
    message.content = [*kept, TextPart(task_prompt(options))]


def _seed(given: NativeParameters) -> int | None:
    """The service takes seeds of 63 bits here and of 31 there: the low bits are the seed."""
    seed = given.seed
    if seed is None or seed < 0:
        return seed
    if seed > MAX_SEED:
        raise SeedError(value=seed, relation="greater", bound="maximum", limit=MAX_SEED)
    return seed % _COMPATIBLE_SEEDS
