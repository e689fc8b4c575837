"""Script: the TOML or JSON file that the scripted engine plays (docs/concepts/engines.md)."""

import tomllib
from pathlib import Path

import msgspec
from msgspec import Struct

from qwen_vision.engines.base import StopReason
from qwen_vision.errors import FileMissingError, ScriptError


class Step(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One step of an answer. Give one of the first six; the others refine it.

    `text` and `think` are played `times` times, with `wait_s` seconds before each. `call`
    names a tool and plays `arguments` in `pieces` pieces. `error` is an HTTP status with
    `message`, `code` and `retry_after_s`. `cut` writes its text as it is and hangs up.
    `finish` ends the answer with that reason and, if given, token figures.
    """

    text: str | None = None
    think: str | None = None
    call: str | None = None
    error: int | None = None
    cut: str | None = None
    finish: StopReason | None = None
    wait_s: float = 0.0
    times: int = 1
    arguments: str = "{}"
    pieces: int = 1
    message: str = "The script asks for this error."
    code: str | None = None
    retry_after_s: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Answer(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Steps for the prompts whose last text contains `when` (any case); without it, for all.

    With `once` the answer is used for one request only, then skipped.
    """

    steps: tuple[Step, ...]
    when: str | None = None
    once: bool = False


class Script(Struct, frozen=True, forbid_unknown_fields=True):
    """Answers in order of preference: the first that fits a prompt is played."""

    answer: tuple[Answer, ...]


DEFAULT_SCRIPT = Script(
    answer=(Answer(steps=(Step(text="Hello from "), Step(text="the scripted engine."))),)
)


def read_script(path: Path) -> Script:
    """The script in a `.toml` or `.json` file.

    Raises FileMissingError when it cannot be read, ScriptError when it makes no script.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "not readable"
        raise FileMissingError(path=path, reason=reason, param="engine") from error
    try:
        if path.suffix == ".json":
            return msgspec.json.decode(data, type=Script)
        return msgspec.convert(tomllib.loads(data.decode()), Script)
    except (msgspec.DecodeError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScriptError(
            f"'{path}' is no script: {error}. A script is a list of [[answer]] tables with "
            "steps, see docs/concepts/engines.md.",
            param="engine",
        ) from error
