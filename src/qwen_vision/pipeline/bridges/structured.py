"""Structured output: every JSON answer is checked against its schema before it leaves."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Final, TypeAlias

from qwen_vision.engines.base import (
    EngineUsage,
    Event,
    Finished,
    Logprobs,
    Prompt,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from qwen_vision.errors import StructuredOutputError
from qwen_vision.pipeline.bridges.closing import closing
from qwen_vision.pipeline.bridges.instruct import (
    answer_after_thought,
    ask_again,
    ask_for_arguments,
    without_format,
)
from qwen_vision.protocol.messages import FunctionTool, JsonObject
from qwen_vision.protocol.request import ResponseFormat
from qwen_vision.protocol.schema import SchemaCheck

Play: TypeAlias = Callable[[Prompt], AsyncIterator[Event]]
_FENCE: Final = re.compile(r"^\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*$", re.DOTALL)
_ANY_OBJECT: Final[JsonObject] = {"type": "object"}
TRIES: Final = 2


async def answer_structured(play: Play, prompt: Prompt, *, engine: str) -> AsyncIterator[Event]:
    """Events whose text, taken together, is JSON that fits the prompt's response format.

    The text comes in one piece: nothing leaves before it is checked. An answer that does not
    fit is asked for once more, with the reason; then StructuredOutputError is raised. An
    answer cut at its token limit is passed on as it is: its finish reason says so.
    """
    check = checker(prompt.request.response_format)
    asked: Prompt = prompt
    problem = ""
    for _ in range(TRIES):
        text, end = "", Finished()
        chances = Logprobs(())
        async with closing(play(asked)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    text += event.text
                elif isinstance(event, Finished):
                    end = event
                elif isinstance(event, Logprobs):
                    chances = Logprobs(chances.tokens + event.tokens)
                elif asked is prompt:
                    yield event
        text = strip_fence(text)
        problem = check.problem_of_text(text) or ""
        if not problem or end.reason != "stop":
            yield chances
            yield TextDelta(text)
            yield end
            return
        asked = ask_again(prompt, answer=text, problem=problem)
    raise StructuredOutputError(engine=engine, problem=problem)


async def think_then_answer(think: Play, answer: Play, prompt: Prompt) -> AsyncIterator[Event]:
    """Thinks freely, then answers under the format: two runs that look like one.

    For `structured_thinking`: `think` makes the thought without the format and is ended when
    its text begins; `answer` is asked without thinking, with the thought before it.
    """
    thought = ""
    async with closing(think(without_format(prompt))) as events:
        async for event in events:
            if not isinstance(event, ReasoningDelta):
                break
            thought += event.text
            yield event
    async with closing(answer(answer_after_thought(prompt, thought))) as events:
        async for event in events:
            if isinstance(event, Finished):
                # The engine counted its second run only: both are estimated instead.
                yield replace(event, usage=EngineUsage())
            elif not isinstance(event, ReasoningDelta):
                yield event


async def force_call(answer: Play, prompt: Prompt, tool: FunctionTool) -> AsyncIterator[Event]:
    """A call of one tool, its arguments answered under the tool's own schema."""
    schema = tool.parameters or _ANY_OBJECT
    text = ""
    async with closing(answer(ask_for_arguments(prompt, tool, schema))) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                text += event.text
            elif isinstance(event, Finished):
                yield ToolCallDelta(index=0, name=tool.name)
                yield ToolCallDelta(index=0, arguments=text)
                whole = event.reason == "stop"
                yield replace(event, reason="tool_calls") if whole else event


def checker(wanted: ResponseFormat | None) -> SchemaCheck:
    """The schema an answer must fit; any object for `json_object`."""
    given = None if wanted is None else wanted.schema
    return SchemaCheck(
        _ANY_OBJECT if given is None else given, param="response_format.json_schema.schema"
    )


def strip_fence(text: str) -> str:
    """JSON without the code fence some models put around it."""
    fenced = _FENCE.match(text)
    return fenced[1] if fenced else text
