"""Ask: runs one question and shows its answer; shared by analyze, reason and ocr."""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec import UNSET

from qwen_vision.cli.answer import Answer, fetch_answer
from qwen_vision.cli.call import Call
from qwen_vision.cli.completers import EngineChoice, choose_engine, open_completer
from qwen_vision.cli.inputs import Item, sort_words
from qwen_vision.cli.output import Screen
from qwen_vision.cli.question import build_request, item_names
from qwen_vision.errors import SettingsError
from qwen_vision.protocol.receipt import MediaReceipt
from qwen_vision.protocol.request import ChatRequest


@dataclass(frozen=True, slots=True)
class Habits:
    """What a command does when the user does not say."""

    model: str
    image_prompt: str
    video_prompt: str


def ask(options: argparse.Namespace, call: Call, habits: Habits) -> int:
    """Put the question, show the answer; returns the exit code."""
    as_video = getattr(options, "video", False)
    with sort_words(options.words, prompt=options.prompt, as_video=as_video) as words:
        prompt = words.prompt or _default_prompt(words.items, habits)
        request = build_request(
            options, items=words.items, prompt=prompt, model=options.model or habits.model
        )
        call.item_names = item_names(request, words.items)
        choice = choose_engine(options.engine, call.settings)
        call.screen.progress(f"{_subject(words.items)}: asking {choice.place} ...")
        live = options.stream if options.stream is not None else call.screen.answers_live
        shown_live = live and options.output is None
        answer = asyncio.run(_fetch(call, choice, request, options, shown_live))
    if not shown_live:
        _show_at_once(answer, call.screen, options)
    call.screen.end_answer()
    _show_facts(answer, call, choice, options)
    return 0


def write_file(path: Path, text: str) -> None:
    """Write a text file whole or not at all; raises SettingsError when it cannot be."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
        ) as file:
            try:
                file.write(text)
                file.close()
                os.chmod(file.name, 0o666 & ~_umask())  # noqa: PTH101 - a name, no Path needed
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise SettingsError(
            f"Cannot write '{path}': {error.strerror or error}. Choose another --output.",
            param="output",
        ) from error


def engine_line(answer: Answer, choice: EngineChoice) -> str:
    """What made the answer, from how many tokens, how fast."""
    completion = answer.completion
    maker = completion.system_fingerprint or completion.model
    if choice.remote is not None:
        maker += f" at {choice.place}"
    facts = [maker]
    usage = completion.usage
    if usage is not None:
        details = usage.prompt_tokens_details
        if details is not UNSET and details.image_tokens is not UNSET:
            facts.append(f"{details.image_tokens} image tokens")
        if details is not UNSET and details.video_tokens is not UNSET:
            facts.append(f"{details.video_tokens} video tokens")
        facts.append(f"{usage.completion_tokens} answer tokens")
    facts.append(f"{answer.elapsed_s:.1f} s")
    return f"[{' · '.join(facts)}]"


async def _fetch(
    call: Call,
    choice: EngineChoice,
    request: ChatRequest,
    options: argparse.Namespace,
    shown_live: bool,
) -> Answer:
    async with open_completer(choice, call.settings) as completer:
        return await fetch_answer(
            completer,
            request,
            # A stream survives long thinking better than one long silence.
            stream=options.stream is not False,
            listener=_Live(call.screen) if shown_live else None,
        )


class _Live:
    """Shows thinking and answer as they come, a blank line between."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._thinking = False

    def reasoning(self, text: str) -> None:
        self._thinking = True
        self._screen.reasoning(text)

    def answer(self, text: str) -> None:
        if self._thinking:
            self._screen.reasoning("\n\n")
            self._thinking = False
        self._screen.answer(text)


def _show_at_once(answer: Answer, screen: Screen, options: argparse.Namespace) -> None:
    if answer.reasoning:
        screen.note(answer.reasoning.strip() + "\n")
    if options.output is None:
        screen.answer(answer.text)
    else:
        text = answer.text if answer.text.endswith("\n") else f"{answer.text}\n"
        write_file(Path(options.output), text)
        screen.note(f"wrote {options.output}")


def _show_facts(
    answer: Answer, call: Call, choice: EngineChoice, options: argparse.Namespace
) -> None:
    if options.receipt:
        for receipt in answer.receipts:
            call.screen.note(_receipt_line(receipt, call.item_names))
        if not answer.receipts:
            call.screen.note("this server gives no receipts")
    if answer.finish_reason == "length":
        call.screen.note("the answer was cut at its token limit; give a higher --max-tokens")
    call.screen.note(engine_line(answer, choice))


def _receipt_line(receipt: MediaReceipt, names: dict[str, str]) -> str:
    facts = [f"{names.get(receipt.param, receipt.param)}: {receipt.kind}"]
    if receipt.page is not UNSET:
        facts.append(f"page {receipt.page}")
    if receipt.format is not UNSET:
        facts.append(receipt.format)
    if receipt.original_size is not UNSET:
        facts.append("{}x{}".format(*receipt.original_size))
    if receipt.final_size is not UNSET:
        facts.append("seen as {}x{}".format(*receipt.final_size))
    if receipt.frames is not UNSET:
        facts.append(f"{receipt.frames} frames")
    if receipt.duration_s is not UNSET:
        facts.append(f"{receipt.duration_s:.1f} s")
    if receipt.tokens is not UNSET:
        facts.append(f"{receipt.tokens} tokens")
    if receipt.note is not UNSET:
        facts.append(receipt.note)
    return ", ".join(facts)


def _default_prompt(items: Sequence[Item], habits: Habits) -> str:
    has_video = any(item.kind == "video" for item in items)
    return habits.video_prompt if has_video else habits.image_prompt


def _subject(items: Sequence[Item]) -> str:
    return items[0].name if len(items) == 1 else f"{len(items)} files"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
