"""`qwen-vision ocr`: read the text in pictures and documents."""

from collections.abc import Sequence

from qwen_vision.cli.call import Call
from qwen_vision.cli.options import add_places, add_question
from qwen_vision.cli.parsing import Parser

# The names of client.tasks, told again because `--help` must not load the wire types.
TASKS = ("text", "languages", "words", "table", "document", "formula", "key-info")


def run(argv: Sequence[str], call: Call) -> int:
    """Run the command with the words after its name; returns the exit code."""
    options = build_parser().parse_intermixed_args(argv)
    from qwen_vision.cli.ask import Habits, ask
    from qwen_vision.client.tasks import ocr_prompt

    prompt = ocr_prompt(options.task)
    return ask(
        options,
        call,
        Habits(
            model="qwen-vl-ocr",
            image_prompt=prompt,
            video_prompt=prompt.replace("image", "video"),
            reads=True,
        ),
    )


def build_parser() -> Parser:
    """The command's options."""
    parser = Parser(
        "ocr",
        description="Read the text in pictures and documents; nothing but the text on stdout.",
        epilog="examples:\n  qwen-vision ocr receipt.png\n"
        "  qwen-vision ocr contract.pdf --pages 1-3 -o contract.txt\n"
        "  qwen-vision ocr page.png --task words --annotate marked.png\n"
        '  qwen-vision ocr receipt.png "What is the total?"',
    )
    add_question(parser)
    add_places(parser)
    parser.add_argument(
        "--task",
        choices=list(TASKS),
        default="text",
        help="what to read: the text, in many languages, every line with its place, tables\n"
        "(HTML), a document or a formula (LaTeX), pairs of key and value (JSON)",
    )
    return parser
