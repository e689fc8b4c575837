"""Writes pages of docs/reference from the code: python docs/make_reference.py."""

import argparse
import runpy
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from qwen_vision.catalogue.catalogue import models
from qwen_vision.cli.main import COMMANDS
from qwen_vision.cli.script import build_parser as script_parser
from qwen_vision.cli.script_defaults import SCRIPTS
from qwen_vision.telemetry.metrics import BUCKETS_S, METRICS

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/make_reference.py from the code: do not edit. -->\n"
COMMAND_LINE_HEAD = """\
# The command line

Exit codes: 0 done, 1 error, 2 wrong usage, 130 interrupted, 141 the reader of a pipe left. The
answer goes to stdout, everything else to stderr. Keys and addresses:
[getting started](../getting-started.md).
"""
SCRIPTS_HEAD = """\
## The guide's scripts

`scripts/analyze.py`, `scripts/reason.py` and `scripts/ocr.py` take a request as JSON and give a
result as JSON.
"""
MODELS_HEAD = """\
# Models

What the dialect allows for each name, whichever engine answers. `qwen-vision models --json` has
all of it. Errors, pixel limits and defaults: [the dialect](dialect.md).
"""
METRICS_HEAD = """\
# Metrics

What stands on `GET /metrics`. Who may read it, what to ask and what the stages are:
[watch a server](../guides/operations.md).
"""
TABLES = {
    "What each may do": "catalogue",
    "Other names": "snapshots",
    "Media": "media limits",
    "Pixels": "pixel parameters",
    "Prices, for a million tokens": "prices",
}


def command_line_page() -> str:
    """Every command with its options."""
    lines = [NOTE + COMMAND_LINE_HEAD]
    for name, summary in COMMANDS.items():
        parser = import_module(f"qwen_vision.cli.{name}").build_parser()
        lines += [f"## qwen-vision {name}", "", _sentence(summary), "", *_options(parser), ""]
    lines.append(SCRIPTS_HEAD)
    for name in SCRIPTS:
        parser = script_parser(name)
        lines += [f"### {name}.py", "", _flowing(parser.description), "", *_options(parser), ""]
    return "\n".join(lines).rstrip() + "\n"


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield "| option | meaning |"
    yield "|---|---|"
    # argparse has no public way to ask.
    for action in parser._actions[1:]:
        names = ", ".join(f"`{name}`" for name in action.option_strings) or f"`{_value(action)}`"
        takes = f" `{_value(action)}`" if action.option_strings and action.nargs != 0 else ""
        yield f"| {names}{takes} | {_flowing(action.help).replace('|', '&#124;')} |"


def _value(action: argparse.Action) -> str:
    if action.choices is not None:
        return "\\|".join(str(choice) for choice in action.choices)
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    return metavar.replace("|", "\\|")


def _flowing(text: str | None) -> str:
    return " ".join((text or "").split()).replace("%%", "%")


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def models_page() -> str:
    """Every model with its limits and prices."""
    table = runpy.run_path(str(Path(__file__).with_name("make_tables.py")))["table"]
    lines = [NOTE + MODELS_HEAD, f"{len(models())} models.", ""]
    for title, name in TABLES.items():
        lines += [f"## {title}", "", table(name), ""]
    return "\n".join(lines).rstrip() + "\n"


def metrics_page() -> str:
    """Every metric with its kind, labels and meaning."""
    lines = [NOTE + METRICS_HEAD, "| metric | kind | labels | what it tells |", "|---|---|---|---|"]
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        lines.append(f"| `{metric.shown_name}` | {metric.kind} | {labels} | {metric.help} |")
    bounds = ", ".join(f"{bound:g}" for bound in BUCKETS_S)
    lines += ["", f"Buckets of the histograms, in seconds: {bounds}."]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Each page's name and text."""
    return {
        "command-line.md": command_line_page(),
        "metrics.md": metrics_page(),
        "models.md": models_page(),
    }


if __name__ == "__main__":
    for file, text in pages().items():
        (FOLDER / file).write_text(text, "utf-8")
