"""A real vLLM over a checkpoint made here: one process for all tests of a session."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.contract.test_engines import RECITED
from tests.e2e.vllm.checkpoint import CONTEXT, write_checkpoint

MODEL: Final = "tiny"
CALL: Final = '{"name": "record_receipt", "arguments": {"total": "22.84"}}'
# The contract's script; with tools the template's last word is a space, and a call follows.
SCRIPT: Final = {
    **RECITED,
    "I look. ": "I see it. ",
    "I see it. ": "I am sure. ",
    "I am sure. ": "</think>",
    " ": "<tool_call>",
    "<tool_call>": CALL,
    CALL: "</tool_call>",
    "</tool_call>": "<|im_end|>",
}
# docs/guides/upstreams.md says what each is for; the last lines only save time and memory.
FLAGS: Final = (
    *("--reasoning-parser", "qwen3"),
    *("--enable-auto-tool-choice", "--tool-call-parser", "hermes"),
    "--trust-request-mm-kwargs",
    "--enable-prompt-tokens-details",
    "--structured-outputs-config",
    '{"backend": "guidance", "disable_any_whitespace": true}',
    *("--max-model-len", str(CONTEXT), "--max-num-seqs", "4"),
    *("--dtype", "float32", "--enforce-eager", "--skip-mm-profiling"),
)
_VARIABLES: Final = {
    "PYTHONPATH": str(Path(__file__).parent / "without_cuda"),
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
}
_START_S: Final = 420.0


@contextmanager
def running(python: Path, folder: Path) -> Iterator[str]:
    """Address of the server, up to `/v1`; `python` is that of vLLM's environment."""
    checkpoint = write_checkpoint(folder / "checkpoint", script=SCRIPT)
    log = folder / "vllm.log"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    # Not `vllm serve`: the package vllm-cpu 0.32.0 does not find its own version there.
    module = "vllm.entrypoints.launchers.api_server.entry"
    place = ("--model", str(checkpoint), "--served-model-name", MODEL)
    listen = ("--host", "127.0.0.1", "--port", str(port))
    ours = os.environ  # noqa: TID251 - a process needs the environment of the one that starts it
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - what --vllm names
            [python, "-m", module, *place, *listen, *FLAGS],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**ours, **_VARIABLES},
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{url}/health", process, log)
        yield f"{url}/v1"
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server is well; fails with its last words when it is not to be."""
    deadline = time.monotonic() + _START_S
    while not _answers(url):
        said = log.read_text("utf-8", "replace")[-3000:]
        assert process.poll() is None, f"vLLM ended:\n{said}"
        assert time.monotonic() < deadline, f"vLLM did not start in {_START_S:.0f} s:\n{said}"
        time.sleep(0.5)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - loopback
            return bool(response.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
