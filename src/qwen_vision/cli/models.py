"""`qwen-vision models`: the catalogue as a table or as JSON."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qwen_vision.cli.call import Call
from qwen_vision.cli.parsing import Parser

if TYPE_CHECKING:
    from qwen_vision.catalogue.model import Model, Tier

_HEAD = (
    "model",
    "thinking",
    "stream",
    "tools",
    "JSON",
    "video",
    "factor",
    "context",
    "$ in/out",
)
_STRUCTURED = {"none": "-", "json_object": "json", "json_schema": "schema"}


def run(argv: Sequence[str], call: Call) -> int:
    """Print the catalogue; returns the exit code."""
    options = build_parser().parse_args(argv)
    import msgspec

    from qwen_vision.catalogue.catalogue import models

    if options.json:
        text = msgspec.json.format(msgspec.json.encode(models()), indent=2).decode()
        sys.stdout.write(f"{text}\n")
        return 0
    rows = [_HEAD, *(_row(model) for model in models())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    call.screen.note("thinking: off and on can be switched; stream: answers only as a stream")
    return 0


def _row(model: "Model") -> tuple[str, ...]:
    low_s, high_s = model.video_seconds
    return (
        model.id,
        model.thinking,
        "only" if model.stream_only else "-",
        "yes" if model.tools else "-",
        _STRUCTURED[model.structured],
        f"{low_s:g}s-{_span(high_s)}" if model.takes_video else "-",
        str(model.pixels.factor),
        f"{model.context_tokens:,}",
        _price(model.prices_usd),
    )


def _span(seconds: float) -> str:
    return f"{seconds / 3600:g}h" if seconds >= 3600 else f"{seconds / 60:g}min"


def _price(tiers: "Sequence[Tier]") -> str:
    if not tiers:
        return "-"
    return f"{tiers[0].input:g}/{tiers[0].output:g}{'+' if len(tiers) > 1 else ''}"


def build_parser() -> Parser:
    """The command's options."""
    parser = Parser(
        "models",
        description="The models of the dialect: what each may do and costs, in US dollars for a\n"
        "million tokens (first tier; + when longer requests cost more).",
    )
    parser.add_argument("--json", action="store_true", help="everything known, as JSON")
    return parser
