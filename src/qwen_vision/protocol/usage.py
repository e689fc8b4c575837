"""Usage: what an answer cost in tokens (dialect.md, answers)."""

from msgspec import UNSET, Struct, UnsetType


class PromptTokensDetails(Struct):
    """The prompt's tokens by kind; a kind that was not sent is left out."""

    image_tokens: int | UnsetType = UNSET
    video_tokens: int | UnsetType = UNSET
    text_tokens: int | UnsetType = UNSET
    cached_tokens: int | UnsetType = UNSET


class CompletionTokensDetails(Struct):
    """The answer's tokens by kind; `text_tokens` is what is not reasoning."""

    reasoning_tokens: int | UnsetType = UNSET
    text_tokens: int | UnsetType = UNSET


class Usage(Struct):
    """Token figures of one request."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails | UnsetType = UNSET
    completion_tokens_details: CompletionTokensDetails | UnsetType = UNSET
