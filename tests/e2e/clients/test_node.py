"""Clients of another language: `openai` and the AI SDK on Node."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clients.conftest import EXAMPLES, TOTAL

HERE = Path(__file__).parent / "node"
MODULES = EXAMPLES.parent / ".venv-clients" / "node" / "node_modules"


@pytest.fixture
def answers(url: str, receipt: Path, *, tmp_path: Path, request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - JSON
    """What the script named by the test's parameter printed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    if not MODULES.is_dir():
        pytest.skip("the packages for Node are not installed: `make test-clients` brings them")
    (tmp_path / "node_modules").symlink_to(MODULES)
    script = shutil.copy(HERE / request.param, tmp_path)
    done = subprocess.run(  # noqa: S603 - our own script
        [node, str(script), url, str(receipt)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("answers", ["openai.mjs", "ai.mjs"], indirect=True)
def test_a_client_on_node_asks_streams_and_takes_objects_and_tools(answers: Any) -> None:  # noqa: ANN401 - JSON
    assert TOTAL in answers["text"]
    assert answers["streamed"] == answers["text"]
    assert answers["total_tokens"] > 0
    assert answers["object"]["total"] == float(TOTAL)
    assert answers["tool"] == {"name": "record_receipt", "total": float(TOTAL)}
