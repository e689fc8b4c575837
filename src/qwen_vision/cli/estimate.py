"""`qwen-vision estimate`: tokens and prices of a question, before anything is sent."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import UNSET

from qwen_vision.cli.call import Call
from qwen_vision.cli.options import add_matter, add_seeing
from qwen_vision.cli.parsing import Parser

if TYPE_CHECKING:
    from qwen_vision.protocol.estimate import Estimate, PriceRange
    from qwen_vision.protocol.request import ChatRequest

_DEFAULT_MODEL = "qwen3.6-plus"
_SIGNS = {"USD": "$", "CNY": "¥"}


def run(argv: Sequence[str], call: Call) -> int:
    """Print the estimate; returns the exit code, 1 when no model takes the files."""
    options = build_parser().parse_intermixed_args(argv)
    from qwen_vision.cli.inputs import sort_words
    from qwen_vision.cli.question import build_request, item_names

    found: list[tuple[str, Estimate | str]] = []
    with sort_words(options.words, prompt=options.prompt, as_video=options.video) as words:
        prompt = words.prompt or ""
        for model in _model_ids(options):
            request = build_request(options, items=words.items, prompt=prompt, model=model)
            call.item_names = item_names(request, words.items)
            found.append((model, asyncio.run(_estimate(request, call, strict=not options.all))))
    if options.json:
        _print_json(found)
    else:
        _print_table(found, call)
    return 0 if any(not isinstance(estimate, str) for _, estimate in found) else 1


async def _estimate(request: "ChatRequest", call: Call, *, strict: bool) -> "Estimate | str":
    """The estimate; with several models, the words of a refusal instead of the error."""
    from qwen_vision.engines.scripted.engine import ScriptedEngine
    from qwen_vision.engines.scripted.script import DEFAULT_SCRIPT
    from qwen_vision.errors import QwenVisionError
    from qwen_vision.media.door import MediaDoor
    from qwen_vision.pipeline.pipeline import Pipeline

    pipeline = Pipeline(
        ScriptedEngine(DEFAULT_SCRIPT), MediaDoor(call.settings.media), local_files=True
    )
    try:
        return await pipeline.estimate(request)
    except QwenVisionError as error:
        if strict:
            raise
        return error.message
    finally:
        await pipeline.aclose()


def _model_ids(options: argparse.Namespace) -> Sequence[str]:
    if not options.all:
        return (options.model or _DEFAULT_MODEL,)
    from qwen_vision.catalogue.catalogue import models

    return [model.id for model in models() if model.prices_usd or model.prices_cny]


def _print_json(found: "Sequence[tuple[str, Estimate | str]]") -> None:
    import msgspec

    rows: list[object] = [
        {"model": model, "error": estimate} if isinstance(estimate, str) else estimate
        for model, estimate in found
    ]
    text = msgspec.json.encode(rows[0] if len(rows) == 1 else rows)
    sys.stdout.write(msgspec.json.format(text, indent=2).decode() + "\n")


def _print_table(found: "Sequence[tuple[str, Estimate | str]]", call: Call) -> None:
    if len(found) == 1:
        for _, estimate in found:
            if not isinstance(estimate, str):
                _print_items(estimate, call)
    width = max(len(model) for model, _ in found)
    for model, estimate in found:
        if isinstance(estimate, str):
            sys.stdout.write(f"{model:{width}}  not possible: {estimate}\n")
            continue
        prices = ", ".join(map(_price, estimate.prices)) or "no list price"
        sys.stdout.write(f"{model:{width}}  {estimate.prompt_tokens:>9,} tokens  {prices}\n")
    call.screen.note("prices: the prompt alone, and with the longest answer the model may give")


def _print_items(estimate: "Estimate", call: Call) -> None:
    for item in estimate.items:
        name = call.item_names.get(item.param, item.param)
        page = "" if item.page is UNSET else f" page {item.page}"
        size = "" if item.final_size is UNSET else "  seen as {}x{}".format(*item.final_size)
        frames = "" if item.frames is UNSET else f"  {item.frames} frames"
        tokens = 0 if item.tokens is UNSET else item.tokens
        sys.stdout.write(f"{name}{page}{size}{frames}  {tokens:,} tokens\n")


def _price(prices: "PriceRange") -> str:
    sign = _SIGNS.get(prices.currency, prices.currency)
    return f"{sign}{prices.input:.6f} to {sign}{prices.most:.4f}"


def build_parser() -> Parser:
    """The command's options."""
    parser = Parser(
        "estimate",
        description="Count the tokens of a question and its price, before anything is sent.\n"
        "Files are measured, not decoded, where their headers say enough.",
        epilog="examples:\n  qwen-vision estimate scan.pdf photo.jpg\n"
        "  qwen-vision estimate clip.mp4 --fps 1 --model qwen3-vl-flash\n"
        "  qwen-vision estimate photo.jpg --all",
    )
    add_matter(parser)
    add_seeing(parser)
    parser.add_argument("--json", action="store_true", help="print the estimate as JSON")
    parser.add_argument("--all", action="store_true", help="every model that has a price")
    return parser
