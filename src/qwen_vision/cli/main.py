"""The command `qwen-vision`: finds the command, and turns any error into one line."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import NoReturn

from qwen_vision.cli.call import Call
from qwen_vision.cli.parsing import Parser

COMMANDS = {
    "analyze": "ask about pictures, videos and documents",
    "reason": "the same with a model that thinks first",
    "ocr": "read the text in pictures and documents",
    "upload": "put a file into the server's temporary storage",
    "estimate": "count tokens and prices before anything is sent",
    "serve": "run the OpenAI-compatible server",
    "pull": "fetch weights to run on this machine",
    "models": "list the models, what they can do and cost",
    "completion": "print a completion script for bash, zsh or fish",
    "doctor": "say what is installed and which engine would answer",
}
_EXIT_ERROR = 1
_EXIT_USAGE = 2
# What a shell reports for a program ended by SIGINT or SIGPIPE.
_EXIT_INTERRUPTED = 130
_EXIT_BROKEN_PIPE = 141


def run() -> NoReturn:
    """Entry point of the installed command."""
    _open_streams()
    _leave(main(sys.argv[1:], os.environ))


def run_script(name: str) -> NoReturn:
    """Entry point of scripts/NAME.py."""
    _open_streams()
    # The guide's scripts ask the international service when nothing says another.
    call = Call(os.environ, default_region="ap-southeast-1")
    script = import_module("qwen_vision.cli.script")
    _leave(guard(call, lambda: int(script.run(name, sys.argv[1:], call))))


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command; returns its exit code: 0 done, 1 error, 2 wrong usage."""
    call = Call(environ)
    return guard(call, lambda: dispatch(argv, call))


def dispatch(argv: Sequence[str], call: Call) -> int:
    """Hand the words after the command's name to the command."""
    if argv and argv[0] in COMMANDS:
        command = import_module(f"qwen_vision.cli.{argv[0]}")
        return int(command.run(argv[1:], call))
    parser = _root_parser()
    if not argv:
        parser.print_help()
        return 0
    _, rest = parser.parse_known_args(argv)
    words = [word for word in rest if not word.startswith("-")]
    if not words:
        parser.error(f"unknown option '{rest[0]}'")
    return parser.error(f"there is no command '{words[0]}'{_hint(words[0])}")


def _hint(word: str) -> str:
    is_place = "://" in word or os.path.exists(word)  # noqa: PTH110 - pathlib costs start-up time
    if is_place:
        return f". To ask about it: qwen-vision analyze {word}"
    from difflib import get_close_matches

    meant = get_close_matches(word, COMMANDS, n=1, cutoff=0.65)
    return f". Did you mean '{meant[0]}'?" if meant else ""


def guard(call: Call, action: Callable[[], int]) -> int:
    """Run `action`; every error becomes one line on stderr and an exit code."""
    try:
        code = action()
        sys.stdout.flush()
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else 0
    except KeyboardInterrupt:
        call.screen.leave_line()
        return _EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader has gone: let nothing complain when the interpreter flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _EXIT_BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the command line's one error door
        return _tell(error, call)
    return code


def _open_streams() -> None:
    """Let streams that were closed lead nowhere: no other file may get their numbers."""
    # In this order each gets its own number, which is the lowest free one.
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, "r" if name == "stdin" else "w"))


def _leave(code: int) -> NoReturn:
    if code == _EXIT_INTERRUPTED:
        # A thread in the middle of a picture cannot be stopped; the user need not wait for it.
        os._exit(code)
    sys.exit(code)


def _tell(error: Exception, call: Call) -> int:
    from qwen_vision.cli.complaint import complaint
    from qwen_vision.errors import UsageError

    call.screen.leave_line()
    if call.environ.get("QWEN_VISION_DEBUG"):
        import traceback

        traceback.print_exception(error)
    call.screen.error(complaint(error, call.item_names))
    return _EXIT_USAGE if isinstance(error, UsageError) else _EXIT_ERROR


def _root_parser() -> Parser:
    from qwen_vision import __version__

    rows = "\n".join(f"  {name:10} {summary}" for name, summary in COMMANDS.items())
    parser = Parser(
        "",
        usage="qwen-vision COMMAND ...",
        description=f"Ask pictures, videos and documents anything.\n\ncommands:\n{rows}",
        epilog="examples:\n"
        '  qwen-vision analyze photo.jpg "What is this?"\n'
        "  qwen-vision ocr receipt.png\n"
        "  qwen-vision serve --port 8765\n\n"
        "Without a key everything runs on this machine. With DASHSCOPE_API_KEY, QWEN_API_KEY or\n"
        "QWEN_BASE_URL set (also in a .env file here) requests go to that server.\n"
        "Help on a command: qwen-vision COMMAND --help",
    )
    parser.add_argument("--version", action="version", version=f"qwen-vision {__version__}")
    return parser
