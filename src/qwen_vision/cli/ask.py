"""Ask: runs one question and shows its answer; shared by analyze, reason and ocr."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qwen_vision.cli.answer import Answer, Listener, fetch_answer, run_async
from qwen_vision.cli.call import Call
from qwen_vision.cli.completers import EngineChoice, Sending, choose_engine, open_completer
from qwen_vision.cli.facts import engine_line, receipt_lines
from qwen_vision.cli.files import write_file
from qwen_vision.cli.inputs import Item, sort_words
from qwen_vision.cli.output import Screen
from qwen_vision.cli.question import build_request, item_names
from qwen_vision.cli.sending import sending_of
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
        if choice.remote is not None:
            call.warn_of_redirect()
        call.screen.progress(f"{_subject(words.items)}: asking {choice.place} ...")
        live = options.stream if options.stream is not None else call.screen.answers_live
        shown_live = live and options.output is None
        answer = run_async(
            _fetch(
                call,
                choice,
                request,
                # A stream survives long thinking better than one long silence.
                stream=options.stream is not False,
                sending=sending_of(call, upload=options.upload, shrink=options.shrink),
                listener=_Live(call.screen) if shown_live else None,
            )
        )
    if not shown_live:
        _show_at_once(answer, call.screen, options)
    call.screen.end_answer()
    if options.receipt:
        for line in receipt_lines(answer, call.item_names):
            call.screen.note(line)
    if not answer.text:
        call.screen.note("the answer is empty")
    if answer.finish_reason == "length":
        call.screen.note("the answer was cut at its token limit; give a higher --max-tokens")
    call.screen.note(engine_line(answer, choice))
    return 0


async def _fetch(
    call: Call,
    choice: EngineChoice,
    request: ChatRequest,
    *,
    stream: bool,
    sending: Sending,
    listener: Listener | None,
) -> Answer:
    async with open_completer(choice, call.settings, sending=sending) as completer:
        return await fetch_answer(
            completer,
            request,
            stream=stream,
            listener=listener,
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


def _default_prompt(items: Sequence[Item], habits: Habits) -> str:
    has_video = any(item.kind == "video" for item in items)
    return habits.video_prompt if has_video else habits.image_prompt


def _subject(items: Sequence[Item]) -> str:
    return items[0].name if len(items) == 1 else f"{len(items)} files"
