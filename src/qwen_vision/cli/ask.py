"""Ask: runs one question and shows its answer; shared by analyze, reason and ocr."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec import UNSET

from qwen_vision.cli.annotate import draw, read_wish, tell
from qwen_vision.cli.answer import Listener, TimedAnswer, fetch_answer, run_async
from qwen_vision.cli.call import Call
from qwen_vision.cli.completers import EngineChoice, choose_engine, open_completer
from qwen_vision.cli.facts import engine_line, receipt_lines
from qwen_vision.cli.files import check_writable, keep_answer
from qwen_vision.cli.inputs import Item, sort_words
from qwen_vision.cli.output import Screen
from qwen_vision.cli.places import ASK_PICTURE
from qwen_vision.cli.question import build_request, item_names
from qwen_vision.cli.sending import sending_of
from qwen_vision.cli.waiting import Waiting
from qwen_vision.client.structured import parse_json, without_fence
from qwen_vision.protocol.request import ChatRequest


@dataclass(frozen=True, slots=True)
class Habits:
    """What a command does when the user does not say."""

    model: str
    image_prompt: str
    video_prompt: str
    # The prompt is a reading task, whose words are fixed.
    reads: bool = False


def ask(options: argparse.Namespace, call: Call, habits: Habits) -> int:
    """Put the question, show the answer; returns the exit code."""
    if options.output is not None:
        check_writable(Path(options.output))
    as_video = getattr(options, "video", False)
    with sort_words(options.words, prompt=options.prompt, as_video=as_video) as words:
        wish = read_wish(
            options.annotate,
            options.coordinates,
            words.items,
            as_frames=getattr(options, "frames", False),
        )
        prompt = words.prompt or _default_prompt(words.items, habits)
        if wish is not None and len(words.items) > 1 and not habits.reads:
            # Beside the question, not in it: that one is the user's own.
            options.system = f"{options.system or ''} {ASK_PICTURE}".strip()
        request = build_request(
            options, items=words.items, prompt=prompt, model=options.model or habits.model
        )
        call.item_names = item_names(request, words.items)
        choice = choose_engine(options.engine, call.settings)
        if choice.remote is not None:
            call.warn_of_redirect()
        live = options.stream if options.stream is not None else call.screen.answers_live
        # Another server may not know the wish: its answer is turned here, at its end.
        turned_here = request.coordinates is not None and choice.remote is not None
        shown_live = live and options.output is None and not turned_here
        said = f"{_subject(words.items)}: asking {choice.place}"
        waiting = Waiting(call.screen, said, names=call.item_names)
        listener = _Live(call.screen, waiting) if shown_live else None
        answer = run_async(
            _fetch(call, choice, request, waiting=waiting, listener=listener, options=options)
        )
        text = answer.text if wish is None else tell(wish, answer, request, call=call)
        if (options.json_mode or options.schema) and parse_json(text) is not UNSET:
            # Whoever asked for JSON wants to hand it on, not to peel it.
            text = without_fence(text)
        if not shown_live:
            _show_at_once(answer, text, call.screen, options=options)
        call.screen.end_answer()
        if wish is not None:
            draw(wish, answer, request, call=call)
    _show_facts(answer, choice, call, receipt=options.receipt)
    return 0


async def _fetch(
    call: Call,
    choice: EngineChoice,
    request: ChatRequest,
    *,
    waiting: Waiting,
    listener: Listener | None,
    options: argparse.Namespace,
) -> TimedAnswer:
    # The pixels asked for are those of the file, not of a smaller copy of it.
    shrink = options.shrink and request.coordinates != "pixel"
    sending = sending_of(call, waiting, upload=options.upload, shrink=shrink)
    # A stream survives long thinking better than one long silence.
    stream = options.stream is not False
    async with (
        waiting.ticking(),
        open_completer(choice, call.settings, sending=sending, watched=waiting.watched) as asked,
    ):
        return await fetch_answer(asked, request, stream=stream, listener=listener)


def _show_facts(answer: TimedAnswer, choice: EngineChoice, call: Call, *, receipt: bool) -> None:
    if receipt:
        for line in receipt_lines(answer, call.item_names):
            call.screen.note(line)
    if not answer.text:
        call.screen.note("the answer is empty")
    if answer.finish_reason == "length":
        call.screen.note("the answer was cut at its token limit; give a higher --max-tokens")
    call.screen.note(engine_line(answer, choice))


class _Live:
    """Shows thinking and answer as they come, a blank line between."""

    def __init__(self, screen: Screen, waiting: Waiting) -> None:
        self._screen = screen
        self._waiting = waiting
        self._thinking = False

    def reasoning(self, text: str) -> None:
        self._waiting.think(text)
        self._thinking = True
        self._screen.reasoning(text)

    def answer(self, text: str) -> None:
        self._waiting.end()
        if self._thinking:
            self._screen.reasoning("\n\n")
            self._thinking = False
        self._screen.answer(text)


def _show_at_once(
    answer: TimedAnswer, text: str, screen: Screen, *, options: argparse.Namespace
) -> None:
    if answer.reasoning:
        screen.note(answer.reasoning.strip() + "\n")
    if options.output is None:
        screen.answer(text)
    else:
        keep_answer(Path(options.output), text, screen)


def _default_prompt(items: Sequence[Item], habits: Habits) -> str:
    has_video = any(item.kind == "video" for item in items)
    return habits.video_prompt if has_video else habits.image_prompt


def _subject(items: Sequence[Item]) -> str:
    return items[0].name if len(items) == 1 else f"{len(items)} files"
