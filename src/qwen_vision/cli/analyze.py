"""`qwen-vision analyze`: ask about pictures, videos and documents."""

from collections.abc import Sequence

from qwen_vision.cli.call import Call
from qwen_vision.cli.options import add_answering, add_question, add_seeing
from qwen_vision.cli.parsing import Parser


def run(argv: Sequence[str], call: Call) -> int:
    """Run the command with the words after its name; returns the exit code."""
    options = build_parser().parse_intermixed_args(argv)
    # The asking half loads the wire types and asyncio; `--help` needs neither.
    from qwen_vision.cli.ask import Habits, ask

    return ask(
        options,
        call,
        Habits(
            model="qwen3.6-plus",
            image_prompt="What is in this image?",
            video_prompt="Describe what happens in this video.",
        ),
    )


def build_parser() -> Parser:
    """The command's options."""
    parser = Parser(
        "analyze",
        description="Ask about pictures, videos and documents. The answer goes to stdout,\n"
        "everything else to stderr.",
        epilog='examples:\n  qwen-vision analyze photo.jpg "What is this?"\n'
        '  qwen-vision analyze before.png after.png "What has changed?"\n'
        "  qwen-vision analyze clip.mp4 --fps 1\n"
        "  qwen-vision analyze invoice.pdf --pages 1 --schema invoice.schema.json",
    )
    add_question(parser)
    add_seeing(parser)
    add_answering(parser)
    return parser
