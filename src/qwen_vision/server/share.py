"""Share: what one of several workers may take of the machine."""

import logging
import os
from collections.abc import Sequence
from dataclasses import replace

from qwen_vision.engines.registry import find_plugin
from qwen_vision.settings import EngineSettings

_log = logging.getLogger("qwen_vision.server")


def share_of(engines: EngineSettings, *, workers: int, choices: Sequence[str]) -> EngineSettings:
    """The settings of one worker: its part of the memory for decoding and of the cores.

    Raises SettingsError when an engine that holds weights cannot be held so many times; that
    it is held at all is said in the log.
    """
    for choice in choices:
        name, _, argument = choice.partition(":")
        plugin = find_plugin(name)
        if plugin.copies is not None and plugin.missing() is None:
            _log.warning("%s", plugin.copies(argument, engines, workers))
    memory_bytes = engines.media.process_memory_bytes // workers
    media = replace(engines.media, process_memory_bytes=memory_bytes)
    return replace(engines, media=media, threads=max(1, cores() // workers))


def cores() -> int:
    """Cores that this process may use."""
    # sched_getaffinity sees the limits of a container; it does not exist on every system.
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
