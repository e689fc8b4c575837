"""Options of the commands that ask (analyze, reason, ocr) and of the one that only counts."""

import argparse

from qwen_vision.cli.parsing import add_engine


def add_question(parser: argparse.ArgumentParser) -> None:
    """Files, prompt, model and where the answer goes: what every asking command takes."""
    add_matter(parser)
    add_engine(parser)
    parser.add_argument(
        "--json", action="store_true", dest="json_mode", help="ask for an answer in JSON"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the answer to FILE instead of stdout"
    )
    parser.add_argument(
        "--upload",
        action=argparse.BooleanOptionalAction,
        help="upload files before asking, or never; by default from 7 MB on",
    )
    parser.add_argument(
        "--shrink",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="send pictures no larger than the model sees them",
    )
    parser.add_argument(
        "--receipt", action="store_true", help="say what was done to each picture (on stderr)"
    )
    parser.add_argument(
        "--stream",
        action=argparse.BooleanOptionalAction,
        help="show the answer as it comes; by default on a terminal",
    )


def add_matter(parser: argparse.ArgumentParser) -> None:
    """What is asked about what: all that a question costs depends on this and on `add_seeing`."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="FILE",
        help="files, URLs, or - for standard input; a last word that is no file is the prompt",
    )
    parser.add_argument("-p", "--prompt", metavar="TEXT", help="the prompt, said outright")
    parser.add_argument("--model", metavar="ID", help="model id; see: qwen-vision models")
    parser.add_argument("--max-tokens", type=int, metavar="N", help="longest answer in tokens")
    parser.add_argument("--min-pixels", type=int, metavar="N", help="enlarge pictures below this")
    parser.add_argument("--max-pixels", type=int, metavar="N", help="shrink pictures above this")
    parser.add_argument("--pages", metavar="LIST", help="pages of a PDF, such as 1-3,7")
    parser.add_argument(
        "--schema", metavar="JSON", help="JSON Schema the answer must fit: a file or inline"
    )


def add_seeing(parser: argparse.ArgumentParser) -> None:
    """How pictures and videos are looked at, and how long the model thinks."""
    parser.add_argument(
        "--fps", type=float, metavar="N", help="frames a second of video, 0.1 to 10"
    )
    parser.add_argument("--detail", choices=["auto", "low", "high"], help="level of detail")
    parser.add_argument(
        "--high-resolution", action="store_true", help="up to 16384 tokens for each picture"
    )
    parser.add_argument(
        "--frames", action="store_true", help="take the pictures as the frames of one video"
    )
    parser.add_argument(
        "--video", action="store_true", help="take every file as a video, whatever its name"
    )
    parser.add_argument(
        "--thinking",
        action=argparse.BooleanOptionalAction,
        help="let the model think first, or not; by default the model's own way",
    )
    parser.add_argument(
        "--thinking-budget", type=int, metavar="N", help="longest thought in tokens"
    )
    parser.add_argument(
        "--system", metavar="TEXT", help="instructions that stand before the prompt"
    )


def add_answering(parser: argparse.ArgumentParser) -> None:
    """How freely the model answers, and what is done with its places."""
    parser.add_argument("--temperature", type=float, metavar="T", help="randomness, 0 to under 2")
    parser.add_argument("--seed", type=int, metavar="N", help="repeat the same randomness")
    add_places(parser)


def add_places(parser: argparse.ArgumentParser) -> None:
    """What to do with the boxes and points of the answer."""
    parser.add_argument(
        "--coordinates",
        choices=["pixel", "0-1", "0-1000"],
        help="tell boxes and points in pixels of the file, or as shares of 1 or 1000",
    )
    parser.add_argument(
        "--annotate",
        metavar="PICTURE",
        help="draw the boxes and points of the answer; of several pictures to PICTURE-1.png and\n"
        "on, or into a folder",
    )
