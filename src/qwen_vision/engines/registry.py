"""Finds engines by name through the entry-point group `qwen_vision.engines`."""

from importlib.metadata import EntryPoint, entry_points

from qwen_vision.engines.base import Engine, Plugin
from qwen_vision.errors import MissingExtraError, SettingsError
from qwen_vision.settings import EngineSettings

GROUP = "qwen_vision.engines"


def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def engine_names() -> tuple[str, ...]:
    """Names of every engine installed here, in alphabetical order."""
    return tuple(sorted(_entries()))


def find_plugin(name: str) -> Plugin:
    """The plug-in with this name; raises SettingsError with the known names."""
    entry = _entries().get(name)
    if entry is None:
        known = ", ".join(engine_names())
        raise SettingsError(
            f"There is no engine '{name}'. Installed here: {known}.", param="engine"
        )
    plugin = entry.load()
    if not isinstance(plugin, Plugin):
        raise SettingsError(
            f"The entry point '{entry.value}' of engine '{name}' is no Plugin.", param="engine"
        )
    return plugin


def build_engine(choice: str, settings: EngineSettings) -> Engine:
    """The engine for `NAME` or `NAME:ARGUMENT`.

    Raises SettingsError for an unknown name or a bad argument and MissingExtraError when
    its packages are not installed.
    """
    name, _, argument = choice.partition(":")
    plugin = find_plugin(name)
    extra = plugin.missing()
    if extra is not None:
        raise MissingExtraError(what=f"The engine '{name}'", extra=extra)
    return plugin.build(argument, settings)
