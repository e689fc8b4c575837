"""Call: what one run of the command holds; everything costly is made on first use."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from qwen_vision.cli.output import Screen

if TYPE_CHECKING:
    from pathlib import Path

    from qwen_vision.settings import Settings

ENV_FILE = ".env"
_ENVIRONMENT = "the environment"


class Call:
    """The environment, the screen, and the names under which the user knows the items."""

    def __init__(self, environ: Mapping[str, str], *, default_region: str = "") -> None:
        """Run in `environ`; `default_region` counts when no address and no region is set."""
        self.environ = environ
        self._default_region = default_region
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

    @property
    def upload_memory(self) -> "Path | None":
        """The file in which runs of the command share what they uploaded."""
        from qwen_vision.settings import cache_folder

        folder = cache_folder(self.environ)
        return None if folder is None else folder / "uploads.json"

    @cached_property
    def settings(self) -> "Settings":
        """Settings from the environment, then from `.env`: the environment wins."""
        from qwen_vision.settings import Settings

        said = {**self.env_file, **self.environ}
        if self._default_region and not said.get("QWEN_REGION"):
            said["QWEN_REGION"] = self._default_region
        return Settings.from_env(said)

    def source(self, names: Sequence[str]) -> tuple[str, str] | None:
        """The variable of `names` that counts and where it is set; never its value."""
        for name in names:
            if name in self.environ:
                if self.environ[name]:
                    return name, _ENVIRONMENT
            elif self.env_file.get(name):
                return name, ENV_FILE
        return None

    def warn_of_redirect(self) -> None:
        """Say so when a file of this folder decides where the user's own key is sent."""
        from qwen_vision.settings import ADDRESS_VARIABLES, KEY_VARIABLES

        remote = self.settings.remote
        address, key = self.source(ADDRESS_VARIABLES), self.source(KEY_VARIABLES)
        if remote is None or address is None or key is None:
            return
        if address[1] == ENV_FILE and key[1] == _ENVIRONMENT:
            self.screen.note(f"{ENV_FILE} here sends {key[0]} to {remote.base_url}")
