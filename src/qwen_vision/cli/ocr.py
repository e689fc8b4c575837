"""`qwen-vision ocr`: read the text in pictures and documents."""

from collections.abc import Sequence

from qwen_vision.cli.call import Call
from qwen_vision.cli.options import add_question
from qwen_vision.cli.parsing import Parser


def run(argv: Sequence[str], call: Call) -> int:
    """Run the command with the words after its name; returns the exit code."""
    parser = Parser(
        "ocr",
        description="Read the text in pictures and documents; nothing but the text on stdout.",
        epilog="examples:\n  qwen-vision ocr receipt.png\n"
        "  qwen-vision ocr contract.pdf --pages 1-3 -o contract.txt\n"
        '  qwen-vision ocr receipt.png "What is the total?"',
    )
    add_question(parser)
    options = parser.parse_intermixed_args(argv)
    from qwen_vision.cli.ask import Habits, ask

    # The dialect's own default prompt for its reading model, and the same for a video.
    prompt = (
        "Please output only the text content from the image without any additional "
        "descriptions or formatting."
    )
    return ask(
        options,
        call,
        Habits(
            model="qwen-vl-ocr",
            image_prompt=prompt,
            video_prompt=prompt.replace("image", "video"),
        ),
    )
