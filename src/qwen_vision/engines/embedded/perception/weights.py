"""Finds model weights inside installed packages and runs them with onnxruntime."""

import importlib.util
import os
from pathlib import Path
from typing import Final

import onnxruntime

from qwen_vision.engines.embedded.perception.arrays import Scores
from qwen_vision.engines.embedded.perception.wish import step
from qwen_vision.errors import MissingExtraError

_MAX_THREADS: Final = 4


def package_file(package: str, relative: str, *, extra: str) -> Path:
    """The path of a file that an installed package carries. The package is not imported.

    Raises MissingExtraError, naming the `extra` to install, when there is no such file.
    """
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder) / relative
        if path.is_file():
            return path
    raise MissingExtraError(what=f"'{package}'", extra=extra)


def thread_count() -> int:
    """Threads for one inference: the cores this process may use, at most four."""
    return max(1, min(_MAX_THREADS, _cores()))


def at_once(threads: int | None = None) -> int:
    """How many inferences of at most `threads` the cores of this process carry at once."""
    return max(1, _cores() // min(threads or _MAX_THREADS, thread_count()))


def _cores() -> int:
    # sched_getaffinity sees container limits; it does not exist on every system.
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class Network:
    """A network on the CPU that leaves no memory reserved between pictures. Thread-safe.

    It computes with at most `threads`, or with `thread_count` of them.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.enable_cpu_mem_arena = False
        options.intra_op_num_threads = min(threads or _MAX_THREADS, thread_count())
        options.inter_op_num_threads = 1
        # Threads that spin while they wait take the core from the request beside them.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name

    @property
    def notes(self) -> dict[str, str]:
        """What its makers wrote into the file."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, tensor: Scores) -> Scores:
        """Its first output. Ends early, with an error, when nobody waits for it any longer."""
        options = onnxruntime.RunOptions()

        def stop() -> None:
            options.terminate = True

        with step(stop):
            found: Scores = self._session.run(None, {self._input: tensor}, options)[0]
        return found
