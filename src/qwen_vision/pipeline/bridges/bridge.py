"""Bridge: runs a prompt on an engine, keeping the promises the engine cannot keep alone."""

from collections.abc import AsyncIterator, Sequence
from typing import cast

from qwen_vision.engines.base import BatchEngine, Engine, Event, Prompt
from qwen_vision.pipeline.bridges.calls import find_calls
from qwen_vision.pipeline.bridges.closing import closing
from qwen_vision.pipeline.bridges.instruct import ask_for_json, ask_for_tools
from qwen_vision.pipeline.bridges.loops import guard_batches, guard_loops
from qwen_vision.pipeline.bridges.structured import (
    answer_structured,
    force_call,
    think_then_answer,
)
from qwen_vision.pipeline.bridges.thinking import split_thinking
from qwen_vision.protocol.messages import Tool
from qwen_vision.protocol.request import NamedTool


def run_in_batches(engine: Engine, prompt: Prompt) -> AsyncIterator[Sequence[Event]]:
    """As `run_bridged`, in lists: those of the engine where nothing has to be bridged."""
    abilities = engine.abilities
    wants_json = prompt.request.json_format is not None
    plain = not (_tools(prompt) or wants_json or abilities.mixes_thoughts)
    if abilities.batches and plain:
        return guard_batches(cast("BatchEngine", engine).batches(prompt))
    return one_by_one(run_bridged(engine, prompt))


async def one_by_one(events: AsyncIterator[Event]) -> AsyncIterator[Sequence[Event]]:
    """Every event in a list of its own."""
    async with closing(events):
        async for event in events:
            yield (event,)


def run_bridged(engine: Engine, prompt: Prompt) -> AsyncIterator[Event]:
    """The engine's events for a prompt, bridged where its abilities fall short.

    Structured answers are checked whatever made them. Engines that write free text get
    thoughts and calls taken out of it, JSON and tools asked for in words, and are ended when
    they only repeat themselves.
    """
    if engine.abilities.verbatim:
        return engine.run(prompt)
    choice = prompt.request.tool_choice
    if isinstance(choice, NamedTool) and not engine.abilities.forces_tools:
        for tool in prompt.request.tools or ():
            if tool.function.name == choice.function.name:
                return force_call(lambda asked: _checked(engine, asked), prompt, tool.function)
    if prompt.request.json_format is None:
        return _play(engine, prompt)
    if prompt.thinking and not engine.abilities.schema_while_thinking:
        return think_then_answer(
            lambda asked: _play(engine, asked), lambda asked: _checked(engine, asked), prompt
        )
    return _checked(engine, prompt)


def _checked(engine: Engine, prompt: Prompt) -> AsyncIterator[Event]:
    return answer_structured(lambda asked: _play(engine, asked), prompt, engine=engine.name)


def _play(engine: Engine, prompt: Prompt) -> AsyncIterator[Event]:
    abilities = engine.abilities
    tools = _tools(prompt)
    if not abilities.free_text:
        return engine.run(prompt)
    if prompt.request.json_format is not None and not abilities.json_schema:
        prompt = ask_for_json(prompt)
    if tools and not abilities.tools:
        prompt = ask_for_tools(prompt, tools)
    events = engine.run(prompt)
    if abilities.mixes_thoughts:
        events = split_thinking(events, starts_inside=prompt.thinking and abilities.opens_thought)
    if tools:
        events = find_calls(events, tools)
    return guard_loops(events)


def _tools(prompt: Prompt) -> Sequence[Tool]:
    request = prompt.request
    return () if request.tool_choice == "none" else request.tools or ()
