"""The models, lengths and prompts of the guide's scripts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScriptDefaults:
    """What a script sends when the request does not say."""

    summary: str
    model: str
    max_tokens: int
    image_prompt: str
    video_prompt: str
    temperature: float | None = None
    streams: bool = False


SCRIPTS = {
    "analyze": ScriptDefaults(
        summary="Analyze pictures and videos.",
        model="qwen3.6-plus",
        max_tokens=512,
        temperature=0.2,
        image_prompt="What is in this image?",
        video_prompt="Describe what happens in this video.",
    ),
    "reason": ScriptDefaults(
        summary="Reason about pictures and videos, step by step.",
        model="qvq-max",
        max_tokens=8192,
        image_prompt="Think through what this image shows, step by step.",
        video_prompt="Think through what happens in this video, step by step.",
        streams=True,
    ),
    "ocr": ScriptDefaults(
        summary="Read the text in pictures.",
        model="qwen-vl-ocr",
        max_tokens=4096,
        image_prompt="Please output only the text content from the image without any "
        "additional descriptions or formatting.",
        video_prompt="Please output only the text content from the video without any "
        "additional descriptions or formatting.",
    ),
}
