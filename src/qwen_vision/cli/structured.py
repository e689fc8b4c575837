"""The schema of an answer, as the command line gives it."""

from pathlib import Path
from typing import Any

import msgspec

from qwen_vision.errors import UsageError


def read_schema(text: str) -> dict[str, Any]:
    """A JSON Schema given inline or as the path of a file; raises UsageError."""
    source = text
    if not text.lstrip().startswith("{"):
        try:
            source = Path(text).read_text("utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise UsageError(
                f"--schema is '{text[:80]}': neither a JSON object nor a file that can be read."
            ) from error
    try:
        return msgspec.json.decode(source, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise UsageError(f"--schema holds no JSON object: {error}.") from error
