"""The command `llm`: a picture as attachment, and a schema."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.clients.conftest import QUESTION, TOTAL, Package
from tests.e2e.conftest import clean_environment

pytestmark = pytest.mark.filterwarnings("default")
Llm = Callable[..., str]


@pytest.fixture
def llm(package: Package, url: str, tmp_path: Path) -> Llm:
    """`llm(words...)` runs the command with our server as an extra model named `local`."""
    package("llm")
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: local\n  model_name: qwen3-vl-plus\n  api_base: {url}\n"
        "  vision: true\n  supports_schema: true\n  supports_tools: true\n"
    )

    def run(*words: str) -> str:
        done = subprocess.run(  # noqa: S603 - the installed command
            [sys.executable, "-m", "llm", "-m", "local", "--no-log", *words],
            capture_output=True,
            text=True,
            env={
                **clean_environment(),
                "LLM_USER_PATH": str(tmp_path),
                "OPENAI_API_KEY": "sk-any",
            },
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("how", [(), ("--no-stream",)], ids=["stream", "whole"])
def test_picture(llm: Llm, receipt: Path, how: tuple[str, ...]) -> None:
    assert TOTAL in llm(QUESTION, "-a", str(receipt), *how)


def test_schema(llm: Llm, receipt: Path) -> None:
    value = json.loads(llm("Extract", "-a", str(receipt), "--schema", "total float, date str"))
    assert value["total"] == float(TOTAL)
    assert "2026-03-14" in value["date"]
