"""Check: refuses what the dialect refuses, with its own texts (dialect.md, parameters)."""

import re
from dataclasses import dataclass
from typing import Final

from qwen_vision.catalogue.model import Model
from qwen_vision.engines.base import Abilities
from qwen_vision.errors import (
    AbilityError,
    CandidatesError,
    ForcedToolThinkingError,
    InvalidRequestError,
    JsonWordError,
    MaxTokensError,
    PartialThinkingError,
    PresencePenaltyError,
    RepetitionPenaltyError,
    ReservedToolNameError,
    ResponseFormatError,
    SeedError,
    StopError,
    StreamOnlyError,
    StructuredThinkingError,
    TemperatureError,
    ThinkingBudgetError,
    ThinkingRequiredError,
    ThinkingUnsupportedError,
    ToolChoiceError,
    ToolNameError,
    ToolsUnsupportedError,
    TopKError,
    TopLogprobsError,
    TopPError,
)
from qwen_vision.pipeline.conversation import check_conversation, mentions_json
from qwen_vision.protocol.request import ChatRequest, JsonSchemaFormat
from qwen_vision.protocol.schema import SchemaCheck
from qwen_vision.protocol.schema_size import check_schema_size

MAX_SEED: Final = 2**31 - 1
RESERVED_TOOL_NAMES: Final = frozenset({"search"})
_TOOL_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FORMATS: Final = ("text", "json_object", "json_schema")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the request and the model's defaults decide together."""

    thinking: bool
    thinking_budget: int | None
    max_tokens: int


def check(request: ChatRequest, model: Model, *, engine: str, abilities: Abilities) -> Plan:
    """The plan for a request the dialect allows and the engine can serve.

    Raises the dialect's error for what it refuses, AbilityError for what only the engine lacks.
    """
    if model.stream_only and not request.stream:
        raise StreamOnlyError
    check_conversation(request.messages)
    _check_sampling(request)
    _check_candidates(request)
    _check_lengths(request, model)
    thinking = decide_thinking(request, model)
    _check_format(request, model, thinking=thinking)
    _check_tools(request, model, thinking=thinking)
    if thinking and request.messages[-1].partial:
        raise PartialThinkingError
    _check_abilities(request, model, engine=engine, abilities=abilities)
    return Plan(
        thinking=thinking and abilities.thinking,
        thinking_budget=request.thinking_budget or model.max_thinking_tokens,
        max_tokens=request.max_tokens or model.max_output_tokens,
    )


def _check_sampling(request: ChatRequest) -> None:
    if request.temperature is not None and not 0 <= request.temperature < 2:
        raise TemperatureError
    if request.top_p is not None and not 0 < request.top_p <= 1:
        raise TopPError
    if request.top_k is not None and request.top_k < 0:
        raise TopKError
    if request.repetition_penalty is not None and not request.repetition_penalty > 0:
        raise RepetitionPenaltyError
    if request.presence_penalty is not None and not -2 <= request.presence_penalty <= 2:
        raise PresencePenaltyError
    _check_seed(request.seed)


def _check_candidates(request: ChatRequest) -> None:
    if request.top_logprobs is not None and not 0 <= request.top_logprobs <= 5:
        raise TopLogprobsError
    if request.n is not None and not 1 <= request.n <= 4:
        raise CandidatesError
    if isinstance(request.stop, list) and len({type(item) for item in request.stop}) > 1:
        raise StopError


def _check_seed(seed: int | None) -> None:
    if seed is None:
        return
    if seed < 0:
        raise SeedError(value=seed, relation="lesser", bound="minimum", limit=0)
    if seed > MAX_SEED:
        raise SeedError(value=seed, relation="greater", bound="maximum", limit=MAX_SEED)


def _check_lengths(request: ChatRequest, model: Model) -> None:
    limit = model.max_output_tokens
    if request.max_tokens is not None and not 1 <= request.max_tokens <= limit:
        raise MaxTokensError(limit=limit)
    whole = limit + (model.max_thinking_tokens or 0)
    if (
        request.max_completion_tokens is not None
        and not 1 <= request.max_completion_tokens <= whole
    ):
        raise MaxTokensError(limit=whole, param="max_completion_tokens")
    budget, longest = request.thinking_budget, model.max_thinking_tokens
    if budget is not None and longest is not None and not 1 <= budget <= longest:
        raise ThinkingBudgetError(limit=longest)


def decide_thinking(request: ChatRequest, model: Model) -> bool:
    """Whether the model thinks: the request's wish, or else the model's habit.

    Raises ThinkingUnsupportedError and ThinkingRequiredError for a wish it cannot have.
    """
    asked = request.enable_thinking
    if asked is None:
        # Clients of the dialect ask for JSON without switching off a default they never asked for.
        return model.thinking == "always" or (
            model.thinking == "on" and request.json_format is None
        )
    if asked and model.thinking == "never":
        raise ThinkingUnsupportedError(model=request.model)
    if not asked and model.thinking == "always":
        raise ThinkingRequiredError
    return asked


def _check_format(request: ChatRequest, model: Model, *, thinking: bool) -> None:
    wanted = request.json_format
    if wanted is None:
        return
    if wanted.type not in _FORMATS:
        raise ResponseFormatError(given=wanted.type)
    if thinking and not request.structured_thinking:
        raise StructuredThinkingError
    if model.structured == "none":
        raise InvalidRequestError(
            f"The model {request.model} does not support response_format '{wanted.type}'. "
            "Use qwen3-vl-plus or qwen3.6-plus, or ask for JSON in the prompt.",
            param="response_format",
        )
    if wanted.type == "json_object":
        if not mentions_json(request.messages):
            raise JsonWordError
        return
    _check_schema(wanted.json_schema)


def _check_schema(given: JsonSchemaFormat | None) -> None:
    if given is None or given.schema is None:
        raise InvalidRequestError(
            "response_format of type 'json_schema' needs 'json_schema' with a 'schema'.",
            param="response_format.json_schema",
        )
    if len(given.name) > 64:
        raise InvalidRequestError(
            f"The name of a JSON Schema takes up to 64 characters; got {len(given.name)}.",
            param="response_format.json_schema.name",
        )
    param = "response_format.json_schema.schema"
    check_schema_size(given.schema, param=param)
    SchemaCheck(given.schema, param=param)


def _check_tools(request: ChatRequest, model: Model, *, thinking: bool) -> None:
    choice = request.tool_choice
    if isinstance(choice, str) and choice not in ("none", "auto"):
        raise ToolChoiceError
    if not request.tools:
        if choice is not None and not isinstance(choice, str):
            raise ToolChoiceError(
                f"tool_choice names '{choice.function.name}', but the request has no tools."
            )
        return
    if not model.tools:
        raise ToolsUnsupportedError
    names = _tool_names(request)
    if choice is None or isinstance(choice, str):
        return
    if thinking:
        raise ForcedToolThinkingError
    if choice.function.name not in names:
        raise ToolChoiceError(
            f"tool_choice names '{choice.function.name}'; the request has {sorted(names)}."
        )


def _tool_names(request: ChatRequest) -> set[str]:
    names: set[str] = set()
    for index, tool in enumerate(request.tools or ()):
        name = tool.function.name
        if name in RESERVED_TOOL_NAMES:
            raise ReservedToolNameError(name=name, param=f"tools[{index}].function.name")
        if not _TOOL_NAME.fullmatch(name):
            raise ToolNameError(name=name[:80], param=f"tools[{index}].function.name")
        if tool.function.parameters:
            check_schema_size(tool.function.parameters, param=f"tools[{index}].function.parameters")
        names.add(name)
    return names


def _check_abilities(
    request: ChatRequest, model: Model, *, engine: str, abilities: Abilities
) -> None:
    written = abilities.free_text
    lacking = (
        (
            bool(request.tools) and request.tool_choice != "none",
            abilities.tools or written,
            "tools",
            "tools",
        ),
        (
            request.json_format is not None,
            abilities.json_schema or written,
            "response_format",
            "structured output",
        ),
        (
            bool(request.logprobs) and model.logprobs,
            abilities.logprobs,
            "logprobs",
            "logprobs",
        ),
        ((request.n or 1) > 1, abilities.candidates, "n", "more than one candidate (n)"),
    )
    for asked, able, param, what in lacking:
        if asked and not able:
            raise AbilityError(engine=engine, what=what, way_out=abilities.way_out, param=param)
