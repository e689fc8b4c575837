"""`qwen-vision upload`: put a file into temporary storage and print its URL."""

import sys
from collections.abc import Sequence

from qwen_vision.cli.call import Call
from qwen_vision.cli.parsing import Parser


def run(argv: Sequence[str], call: Call) -> int:
    """Upload each file, print one URL a line; returns the exit code."""
    options = build_parser().parse_args(argv)
    from qwen_vision.cli.answer import run_async
    from qwen_vision.cli.completers import choose_engine, open_client
    from qwen_vision.cli.sending import sending_of
    from qwen_vision.cli.waiting import Waiting

    choice = choose_engine("remote", call.settings)
    assert choice.remote is not None  # noqa: S101 - "remote" gives one or raises
    call.warn_of_redirect()
    remote = choice.remote

    async def upload() -> None:
        sending = sending_of(call, Waiting(call.screen, "uploading"), upload=True)
        async with open_client(remote, sending) as client:
            for file in options.files:
                url = await client.upload(file, model=options.model)
                call.screen.clear_progress()
                sys.stdout.write(f"{url}\n")
                sys.stdout.flush()

    run_async(upload())
    call.screen.note(f"for {options.model} at {choice.place}, for 48 hours")
    return 0


def build_parser() -> Parser:
    """The command's options."""
    parser = Parser(
        "upload",
        description="Upload files to the server's temporary storage and print an oss:// URL for\n"
        "each. It lives 48 hours, for the same key and model.",
        epilog="example:\n  qwen-vision upload clip.mp4 --model qwen3.6-plus",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="files of this machine")
    parser.add_argument(
        "--model",
        default="qwen3.6-plus",
        metavar="ID",
        help="the model that will look at it; by default qwen3.6-plus",
    )
    return parser
