"""What a call asks when the caller does not say: default prompts, and those of reading tasks."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.errors import UsageError
from qwen_vision.protocol.messages import JsonObject
from qwen_vision.protocol.native import OcrOptions, OcrTask, OcrTaskConfig
from qwen_vision.protocol.ocr_tasks import task_prompt

OcrWork: TypeAlias = Literal[
    "text", "languages", "words", "table", "document", "formula", "key-info"
]
OCR_WORKS: Final[Mapping[OcrWork, OcrTask]] = {
    "text": "text_recognition",
    "languages": "multi_lan",
    "words": "advanced_recognition",
    "table": "table_parsing",
    "document": "document_parsing",
    "formula": "formula_recognition",
    "key-info": "key_information_extraction",
}
_IMAGE_PROMPT: Final = "What is in this image?"
_VIDEO_PROMPT: Final = "Describe what happens in this video."
_THINK_IMAGE_PROMPT: Final = "Think through what this image shows, step by step."
_THINK_VIDEO_PROMPT: Final = "Think through what happens in this video, step by step."


def ocr_prompt(work: OcrWork, *, keys: JsonObject | None = None) -> str:
    """The words that ask for a reading task; `keys` names what to extract for `key-info`.

    Raises UsageError for a task there is none of.
    """
    if work not in OCR_WORKS:
        raise UsageError(
            f"There is no reading task '{work}'. There are: {', '.join(OCR_WORKS)}.", param="task"
        )
    config = None if keys is None else OcrTaskConfig(result_schema=keys)
    return task_prompt(OcrOptions(task=OCR_WORKS[work], task_config=config))


def default_prompt(model_id: str, *, has_video: bool) -> str:
    """What is asked when the caller gives no prompt: what the model is there for."""
    model = find_model(model_id, any_model=True)
    if model.ocr:
        prompt = ocr_prompt("text")
        return prompt.replace("image", "video") if has_video else prompt
    if model.thinking == "always":
        return _THINK_VIDEO_PROMPT if has_video else _THINK_IMAGE_PROMPT
    return _VIDEO_PROMPT if has_video else _IMAGE_PROMPT
