"""The library's own entry point: reads the environment and `.env` when the caller asks it to."""

import os
from pathlib import Path

from qwen_vision.errors import SettingsError
from qwen_vision.settings import RemoteSettings, Settings, read_env_file


def remote_from_environment() -> RemoteSettings:
    """The server named by the environment or, for what it leaves out, by `.env` here.

    Raises SettingsError when neither names one, or when `.env` cannot be read.
    """
    file = Path(".env")
    try:
        said = read_env_file(file.read_text("utf-8")) if file.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"Cannot read '{file}' in this folder: {error}. Mend or remove it.", param=str(file)
        ) from error
    environ = os.environ  # noqa: TID251 - this file is the entry point of the library
    remote = Settings.from_env({**said, **environ}).remote
    if remote is None:
        raise SettingsError(
            "No server is named: set DASHSCOPE_API_KEY (or QWEN_API_KEY), or QWEN_BASE_URL for "
            "another server; the environment and a .env file in this folder are read.",
            param="base_url",
        )
    return remote
