"""The server before another server, beside LiteLLM's proxy: CPU a request.

It runs in an environment of its own, which `make peers` builds; LITELLM may name the Python of
another, or nothing (`LITELLM= make bench`). Without one nothing is measured.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.gateway import LARGE, OURS, PICTURE, PIECES, TEXT, UPSTREAM, Case, costs
from benchmarks.measure import paired
from benchmarks.processes import Listening, listening
from benchmarks.table import LeftOut, Row

TITLE = "Gateway, beside LiteLLM"
PYTHON = Path(__file__).parent.parent / ".venv-litellm" / "bin" / "python"

CONFIG = """
model_list:
  - model_name: qwen3-vl-plus
    litellm_params: {{model: openai/qwen3-vl-plus, api_base: "{url}", api_key: none}}
general_settings: {{dangerously_permit_weak_or_unset_master_key: true}}
"""
PROXY = """
import sys
from litellm import run_server
sys.argv = ["litellm", "--config", sys.argv[2], "--port", sys.argv[1], "--host", "127.0.0.1"]
run_server()
"""
CASES = (
    Case("1 KB text", TEXT, stream=False, at_once=32, requests=96, target=1 / 25),
    Case(f"{PIECES}-chunk stream", TEXT, stream=True, at_once=32, requests=32, target=1 / 50),
    Case("200 KB picture", PICTURE, stream=False, at_once=32, requests=64, target=1 / 15),
    Case("5 MB picture", LARGE, stream=False, at_once=1, requests=8, target=1 / 3),
)


def peer_python() -> str | None:
    """The Python that has LiteLLM, if there is one."""
    named = os.environ.get("LITELLM")
    if named is not None:
        return named or None
    return str(PYTHON) if PYTHON.is_file() else None


def rows() -> Iterator[Row | LeftOut]:
    python = peer_python()
    if python is None:
        yield LeftOut("LiteLLM is not here: run `make peers`")
        return
    with ExitStack() as stack:
        upstream = stack.enter_context(listening(UPSTREAM, str(PIECES)))
        url = f"http://127.0.0.1:{upstream.port}/v1"
        ours = stack.enter_context(listening(OURS, url))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = folder / "config.yaml"
        config.write_text(CONFIG.format(url=url))
        proxy = stack.enter_context(listening(PROXY, str(config), python=python))
        for case in CASES:
            yield row(ours, proxy, case)


def row(ours: Listening, proxy: Listening, case: Case) -> Row:
    # A tick of the CPU clock is 10 ms: ours needs more requests than the proxy to be told.
    many = case._replace(requests=case.requests * 10)
    pair = paired(costs(ours, many), costs(proxy, case), rounds=5)
    name = f"proxy, {case.name}, {case.at_once} at once"
    return Row(name, pair.ours, "ms", pair.peer, case.target, "CPU a request; peer: LiteLLM")
