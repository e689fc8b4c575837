"""The guide's scripts (scripts/analyze.py, reason.py, ocr.py): a JSON request in, JSON out."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qwen_vision.cli.call import Call
from qwen_vision.cli.parsing import Parser
from qwen_vision.cli.script_defaults import SCRIPTS

if TYPE_CHECKING:
    from qwen_vision.cli.answer import TimedAnswer
    from qwen_vision.cli.completers import EngineChoice
    from qwen_vision.cli.script_request import ScriptRequest
    from qwen_vision.cli.waiting import Waiting
    from qwen_vision.protocol.request import ChatRequest


_FIELDS = """\
fields of the request:
  prompt                     the question
  image, images              URL or path of a picture; a list of them
  video, video_frames        URL or path of a video; a list of pictures as its frames
  fps                        frames a second of video
  detail, min_pixels, max_pixels, vl_high_resolution_images
  model, max_tokens, temperature, seed, enable_thinking, thinking_budget, stream
  json_mode, schema          the same as --json-mode and --schema
  messages, tools and every other parameter of the chat dialect
"""


def run(name: str, argv: Sequence[str], call: Call) -> int:
    """Run one script with its words; returns its exit code."""
    options = build_parser(name).parse_args(argv)
    # Wire types and asyncio: not needed for --help.
    from qwen_vision.cli.answer import run_async
    from qwen_vision.cli.completers import choose_engine
    from qwen_vision.cli.facts import engine_line
    from qwen_vision.cli.files import check_writable, keep_answer
    from qwen_vision.cli.script_request import read_script_request
    from qwen_vision.cli.script_result import result_json

    defaults = SCRIPTS[name]
    if options.output:
        check_writable(Path(options.output))
    script_request = read_script_request(options, defaults)
    choice = choose_engine(None, call.settings)
    if choice.remote is not None:
        call.warn_of_redirect()
    _tell_upload(options, script_request.chat, call, is_remote=choice.remote is not None)
    upload = True if options.upload_files else None
    answer = run_async(_fetch(call, choice, script_request, upload=upload))
    call.screen.leave_line()
    result = result_json(answer, wants_json=script_request.wants_json)
    if options.output:
        keep_answer(Path(options.output), result, call.screen)
    if options.print_response or not options.output:
        sys.stdout.write(f"{result}\n")
    call.screen.note(engine_line(answer, choice))
    return 0


async def _fetch(
    call: Call, choice: "EngineChoice", request: "ScriptRequest", *, upload: bool | None
) -> "TimedAnswer":
    from qwen_vision.cli.answer import fetch_answer
    from qwen_vision.cli.completers import open_completer
    from qwen_vision.cli.sending import sending_of
    from qwen_vision.cli.waiting import Waiting

    waiting = Waiting(call.screen, f"asking {choice.place}")
    sending = sending_of(call, waiting, upload=upload)
    listener = _Stderr(call, waiting) if request.streams else None
    async with (
        waiting.ticking(),
        open_completer(choice, call.settings, sending=sending, watched=waiting.watched) as asked,
    ):
        return await fetch_answer(asked, request.chat, stream=request.streams, listener=listener)


class _Stderr:
    """Shows a stream on stderr: stdout is kept for the JSON."""

    def __init__(self, call: Call, waiting: "Waiting") -> None:
        self._screen = call.screen
        self._waiting = waiting
        self._answers = False

    def reasoning(self, text: str) -> None:
        self._waiting.think(text)
        self._screen.reasoning(text)

    def answer(self, text: str) -> None:
        self._waiting.end()
        if not self._answers:
            self._answers = True
            self._screen.leave_line()
        self._screen.aside(text)


def _tell_upload(
    options: argparse.Namespace, request: "ChatRequest", call: Call, *, is_remote: bool
) -> None:
    """Warn of files no request can carry; say so when nothing needs uploading."""
    from qwen_vision.client.files import MAX_INLINE_BYTES
    from qwen_vision.client.files import is_remote as is_url
    from qwen_vision.client.references import references

    places = [place for place in references(request) if not is_url(place)]
    if not is_remote:
        if options.upload_files and places:
            call.screen.note("--upload-files: answered on this machine, so nothing needs uploading")
        return
    for place in places:
        file = Path(place.removeprefix("file://"))
        if options.upload_files or not file.is_file():
            continue
        size_bytes = file.stat().st_size
        if size_bytes >= MAX_INLINE_BYTES:
            call.screen.note(
                f"warning: {place} has {size_bytes / 1_000_000:.1f} MB; a request can carry files "
                "under 7 MB. What does not become smaller is uploaded, as with --upload-files."
            )


def build_parser(name: str) -> Parser:
    """The options of a script."""
    defaults = SCRIPTS[name]
    parser = Parser(
        name,
        description=f"{defaults.summary} Takes a request as JSON, gives a result as JSON.",
        epilog=f"{_FIELDS}\nexample:\n  scripts/{name}.py "
        '--request \'{"image":"photo.jpg"}\' --print-response',
    )
    parser.prog = f"scripts/{name}.py"
    parser.add_argument("--request", metavar="JSON", help="the request, inline")
    parser.add_argument("--file", metavar="FILE", help="the request, in a JSON file")
    parser.add_argument("--output", metavar="FILE", help="save the result as JSON")
    parser.add_argument(
        "--print-response",
        action="store_true",
        help="print the result as JSON; also without --output",
    )
    parser.add_argument(
        "--stream", action="store_true", help="show the answer as it comes (stderr)"
    )
    parser.add_argument(
        "--upload-files", action="store_true", help="upload local files first, whatever their size"
    )
    parser.add_argument(
        "--schema", metavar="JSON", help="JSON Schema of the answer: a file or inline"
    )
    parser.add_argument("--json-mode", action="store_true", help="ask for an answer in JSON")
    return parser
