"""Call: what one run of the command holds; everything costly is made on first use."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from qwen_vision.cli.output import Screen

if TYPE_CHECKING:
    from qwen_vision.settings import Settings

ENV_FILE = ".env"


class Call:
    """The environment, the screen, and the names under which the user knows the items."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.screen = Screen(environ)
        # From the path of a content part (`messages[0].content[1]`) to what the user typed.
        self.item_names: dict[str, str] = {}

    @cached_property
    def env_file(self) -> dict[str, str]:
        """What the `.env` file of the working folder says; empty without one."""
        from pathlib import Path

        from qwen_vision.errors import SettingsError
        from qwen_vision.settings import read_env_file

        path = Path(ENV_FILE)
        if not path.is_file():
            return {}
        try:
            return read_env_file(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"Cannot read '{ENV_FILE}' in this folder: {error}. Mend or remove it.",
                param=ENV_FILE,
            ) from error

    @cached_property
    def settings(self) -> "Settings":
        """Settings from the environment, then from `.env`: the environment wins."""
        from qwen_vision.settings import Settings

        return Settings.from_env({**self.env_file, **self.environ})
