"""Compares what a page shows of the wire with what a server really sends."""

import re
from typing import Any

# What a page leaves out for brevity: "...", "<base64>", "sk-...".
_LEFT_OUT = re.compile(r"\.\.\.|<[^>]*>")


def differences(shown: Any, real: Any, at: str = "$") -> list[str]:  # noqa: ANN401 - any JSON
    """Where the shown value is not of the shape of the real one; a page may leave fields out."""
    if isinstance(shown, dict) and isinstance(real, dict):
        missing = [f"{at}.{key} is not there" for key in shown if key not in real]
        return missing + [
            found
            for key, value in shown.items()
            if key in real
            for found in differences(value, real[key], f"{at}.{key}")
        ]
    if isinstance(shown, list) and isinstance(real, list):
        pairs = zip(shown, real, strict=False)
        return [
            found for one, two in pairs for found in differences(one, two, f"{at}[{len(shown)}]")
        ]
    if isinstance(shown, int | float) and isinstance(real, int | float):
        return []
    if type(shown) is not type(real) and not (shown is None or real is None):
        return [f"{at} is {type(real).__name__}, not {type(shown).__name__}"]
    return []


def same_words(shown: str, real: str) -> bool:
    """Whether a text is what the page says, except for what the page leaves out."""
    pieces = [re.escape(piece) for piece in _LEFT_OUT.split(shown)]
    return re.fullmatch(".*".join(pieces), real, re.DOTALL) is not None
