"""Body: a prompt as the chat request that llama.cpp takes."""

from collections.abc import Sequence
from typing import Final

import msgspec

from qwen_vision.engines.base import Prompt, Text, Turn
from qwen_vision.engines.llamacpp.grammar import json_grammar
from qwen_vision.engines.llamacpp.load import Habit
from qwen_vision.engines.llamacpp.pictures import parts_of
from qwen_vision.protocol.messages import JsonObject

# The dialect switches top_k off above this.
_MAX_TOP_K: Final = 100


async def chat_body(prompt: Prompt, *, habit: Habit, step: int) -> JsonObject:
    """Everything llama.cpp is told about a prompt; raises the media's errors.

    `habit` is how the chat template opens thoughts, `step` which frames of a video are shown.
    """
    request = prompt.request
    silenced = habit == "always" and not prompt.thinking
    grammar = None
    if not prompt.thinking:
        grammar = json_grammar(request.json_format, closes_thought=silenced)
    template: JsonObject = {"enable_thinking": prompt.thinking or silenced}
    if request.tools and request.tool_choice != "none":
        # Handed to the template alone: the calls in the answer are read by the pipeline.
        template["tools"] = msgspec.to_builtins(request.tools)
    body: JsonObject = {
        "messages": await _messages(prompt.turns, step=step),
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
        "timings_per_token": prompt.thinking,
        "cache_prompt": True,
        "chat_template_kwargs": template,
        **_sampling(prompt),
        **_lengths(prompt, silenced=silenced and grammar is None),
    }
    if request.logprobs and prompt.model.logprobs:
        # Without an other token in its place llama.cpp says nothing of the token itself.
        body |= {"logprobs": True, "top_logprobs": max(1, request.top_logprobs or 0)}
    if grammar is not None:
        body["grammar"] = grammar
    stops = _stops(prompt)
    if stops:
        body["stop"] = stops
    return body


def _lengths(prompt: Prompt, *, silenced: bool) -> JsonObject:
    """Limits: llama.cpp counts the thought too, the dialect's `max_tokens` does not."""
    answer = prompt.max_tokens or -1
    if silenced:
        # The template has opened a thought that nobody asked for: it is closed at once.
        return {"max_tokens": answer if answer < 0 else answer + 1, "thinking_budget_tokens": 1}
    if not prompt.thinking:
        return {"max_tokens": answer}
    budget = prompt.thinking_budget
    if budget is None:
        return {"max_tokens": -1}
    return {
        "max_tokens": answer if answer < 0 else answer + budget,
        "thinking_budget_tokens": budget,
    }


def _sampling(prompt: Prompt) -> JsonObject:
    """The request's wishes, else the habits of the model's family."""
    request, usual = prompt.request, prompt.model.sampling
    top_k = usual.top_k if request.top_k is None else request.top_k
    return {
        "temperature": usual.temperature if request.temperature is None else request.temperature,
        "top_p": usual.top_p if request.top_p is None else request.top_p,
        "top_k": 0 if top_k > _MAX_TOP_K else top_k,
        "min_p": 0.0,
        "presence_penalty": (
            usual.presence_penalty if request.presence_penalty is None else request.presence_penalty
        ),
        "frequency_penalty": request.frequency_penalty or 0.0,
        "repeat_penalty": request.repetition_penalty or usual.repetition_penalty,
        "seed": usual.seed if request.seed is None else request.seed,
    }


def _stops(prompt: Prompt) -> list[str]:
    """Stop texts; while the model thinks the pipeline applies them, which spares the thought."""
    stop = prompt.request.stop
    if stop is None or prompt.thinking:
        return []
    return [item for item in ([stop] if isinstance(stop, str) else stop) if isinstance(item, str)]


async def _messages(turns: Sequence[Turn], *, step: int) -> list[JsonObject]:
    return [await _message(turn, step=step) for turn in _one_system(turns)]


async def _message(turn: Turn, *, step: int) -> JsonObject:
    message: JsonObject = {"role": turn.role, "content": None}
    if all(part.kind == "text" for part in turn.parts):
        message["content"] = "".join(part.text for part in turn.parts if part.kind == "text")
    else:
        message["content"] = await parts_of(turn.parts, step=step)
    if turn.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": call.type,
                "function": {"name": call.function.name, "arguments": call.function.arguments},
            }
            for call in turn.tool_calls
        ]
    if turn.tool_call_id is not None:
        message["tool_call_id"] = turn.tool_call_id
    return message


def _one_system(turns: Sequence[Turn]) -> list[Turn]:
    """The turns with several system turns at the beginning made one: templates take only one."""
    count = 0
    while count < len(turns) and turns[count].role == "system":
        count += 1
    if count < 2:
        return list(turns)
    texts = [part for turn in turns[:count] for part in turn.parts if part.kind == "text"]
    joined = Text("\n\n".join(part.text for part in texts))
    return [Turn(role="system", parts=(joined,)), *turns[count:]]
