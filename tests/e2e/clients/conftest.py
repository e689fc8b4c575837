"""What every client of the group `clients` is asked, and how one that is not there is skipped."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"
TOTAL = "22.84"
QUESTION = "What is the total?"

# importorskip, but inside a test: what a package warns of when it is imported is its own affair.
Package = Callable[[str], Any]


@pytest.fixture
def package() -> Package:
    """`package("litellm")` is the module; the test is skipped where it is not installed."""

    def find(name: str) -> Any:  # noqa: ANN401 - a module of a package that may be absent
        return pytest.importorskip(
            name, reason=f"{name} is not installed: `make test-clients` brings it"
        )

    return find


@pytest.fixture(scope="session")
def receipt() -> Path:
    """A picture of a receipt; its total is TOTAL."""
    return EXAMPLES / "receipt.png"


@pytest.fixture(scope="session")
def receipt_uri(receipt: Path) -> str:
    """The same as a data URI."""
    return "data:image/png;base64," + base64.b64encode(receipt.read_bytes()).decode()


@pytest.fixture(scope="session")
def turn(receipt_uri: str) -> list[dict[str, Any]]:
    """One question about the receipt, as messages of the dialect."""
    content = [
        {"type": "image_url", "image_url": {"url": receipt_uri}},
        {"type": "text", "text": QUESTION},
    ]
    return [{"role": "user", "content": content}]


@pytest.fixture
def url(sites: Any) -> str:  # noqa: ANN401 - the fixture of the folder above
    """The embedded engine's server, as clients want it in `base_url`."""
    base_url: str = sites["embedded"].base_url
    return base_url
