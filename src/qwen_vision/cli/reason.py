"""`qwen-vision reason`: ask a model that thinks first."""

from collections.abc import Sequence

from qwen_vision.cli.call import Call
from qwen_vision.cli.options import add_answering, add_question, add_seeing
from qwen_vision.cli.parsing import Parser


def run(argv: Sequence[str], call: Call) -> int:
    """Run the command with the words after its name; returns the exit code."""
    options = build_parser().parse_intermixed_args(argv)
    from qwen_vision.cli.ask import Habits, ask

    return ask(
        options,
        call,
        Habits(
            model="qvq-max",
            image_prompt="Think through what this image shows, step by step.",
            video_prompt="Think through what happens in this video, step by step.",
        ),
    )


def build_parser() -> Parser:
    """The command's options."""
    parser = Parser(
        "reason",
        description="Ask a model that thinks step by step before it answers. The thinking goes\n"
        "to stderr, the answer to stdout.",
        epilog='example:\n  qwen-vision reason geometry.png "How long is side AB?"',
    )
    add_question(parser)
    add_seeing(parser)
    add_answering(parser)
    return parser
