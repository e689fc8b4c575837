"""Loads weights with llama.cpp and finds out how their chat template thinks."""

import secrets
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
import xllamacpp

from qwen_vision.engines.llamacpp.weights import Weights
from qwen_vision.errors import SettingsError
from qwen_vision.settings import WeightsSettings

# Small steps through a prompt, so that a caller who leaves frees the slot soon.
_BATCH_TOKENS: Final = 512
_USUAL_IMAGE_TOKENS: Final = 4096
# Prefixes of conversations whose slot was taken by another one.
_PREFIX_CACHE_MIB: Final = 256
_OPENING: Final = "<think>"
_CLOSING: Final = "</think>"

Habit = Literal["never", "switch", "always"]


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Answer(msgspec.Struct):
    choices: list[_Choice] = []


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory, and whether its template never, always or on request opens a thought."""

    server: xllamacpp.Server
    habit: Habit


def load(weights: Weights, settings: WeightsSettings) -> Loaded:
    """Load the weights; blocks for as long as that takes. Raises SettingsError."""
    try:
        server = xllamacpp.Server(_parameters(weights, settings))
    except RuntimeError as error:
        projector = f" with '{weights.projector.path}'" if weights.projector else ""
        raise SettingsError(
            f"llama.cpp cannot load '{weights.model.path}'{projector}: a file is cut short or "
            "damaged, the two do not belong together, memory ran out, or the model is newer than "
            "the installed xllamacpp.",
            param="engine",
        ) from error
    return Loaded(server, _habit(server))


def _parameters(weights: Weights, settings: WeightsSettings) -> xllamacpp.CommonParams:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights.model.path)
    if weights.projector is not None:
        parameters.mmproj.path = str(weights.projector.path)
    parameters.n_ctx = weights.context_tokens * settings.slots
    parameters.n_parallel = settings.slots
    parameters.n_batch = parameters.n_ubatch = _BATCH_TOKENS
    # llama.cpp would make larger pictures smaller, whatever the caller has asked for.
    parameters.image_max_tokens = max(_USUAL_IMAGE_TOKENS, weights.context_tokens)
    # Threads wait for each other by spinning: on a busy machine one is faster than two.
    parameters.cpuparams.n_threads = settings.threads
    parameters.cpuparams_batch.n_threads = settings.threads
    parameters.cache_ram_mib = _PREFIX_CACHE_MIB
    parameters.fit_params = False
    parameters.verbosity = 0
    # The library listens on a port of its own, which nobody here uses: no page, no slots, and a
    # key that nobody knows.
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.api_keys = [secrets.token_urlsafe(32)]
    return parameters


def _habit(server: xllamacpp.Server) -> Habit:
    """Ask with the switch on and off: the answer begins with what the template has opened."""
    on, off = (_first_words(server, thinking=thinking) for thinking in (True, False))
    if off.startswith(_OPENING):
        return "switch" if _CLOSING in off else "always"
    return "switch" if on.startswith(_OPENING) else "never"


def _first_words(server: xllamacpp.Server, *, thinking: bool) -> str:
    answer = server.handle_chat_completions(
        {
            "messages": [{"role": "user", "content": "Hi"}],
            "max_tokens": 1,
            "temperature": 0,
            "reasoning_format": "none",
            "chat_template_kwargs": {"enable_thinking": thinking},
        }
    )
    choices = msgspec.convert(answer, _Answer).choices
    return (choices[0].message.content or "").lstrip() if choices else ""
