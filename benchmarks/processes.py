"""Servers in processes of their own, so that their cost can be told from the client's."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

OURS = """
import sys
from qwen_vision.server.run import serve
from qwen_vision.settings import EngineSettings, ServerSettings
serve(ServerSettings(port=int(sys.argv[1]), engine=sys.argv[2]), EngineSettings())
"""


class Listening(NamedTuple):
    """A server that answers on `port`."""

    port: int
    pid: int


@contextmanager
def listening(program: str, argument: str, *, python: str = sys.executable) -> Iterator[Listening]:
    """Run `program PORT ARGUMENT` for the length of the block."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    with subprocess.Popen(  # noqa: S603 - programs of this folder
        [python, "-c", program, str(port), argument],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            while not _answers(port):
                if process.poll() is not None:
                    raise SystemExit(f"A server ended with code {process.returncode}.")
                time.sleep(0.05)
            yield Listening(port, process.pid)
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
