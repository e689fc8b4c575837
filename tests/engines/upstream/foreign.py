"""A llama-server in a process of its own: nothing of this project is in it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The library is llama-server: it listens, and every word of the dialect is its own.
_SERVE = """
import sys, threading
import xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path, parameters.mmproj.path = sys.argv[1:3]
parameters.n_ctx, parameters.n_parallel = 16384, 4
parameters.fit_params = parameters.ui = False
parameters.verbosity, parameters.port = 0, 0
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@contextmanager
def llama_server(model: Path, projector: Path) -> Iterator[str]:
    """Serves a model -> the address; ends with the block."""
    words = [sys.executable, "-c", _SERVE, str(model), str(projector)]
    with subprocess.Popen(  # noqa: S603 - this Python
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        try:
            assert address.startswith("http://"), "llama-server did not start"
            yield address
        finally:
            process.terminate()
