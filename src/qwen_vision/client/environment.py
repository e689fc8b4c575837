"""The library's own entry point: reads the environment and `.env` when the caller asks it to."""

import os
from pathlib import Path

from qwen_vision.client.own_bucket import open_own_bucket
from qwen_vision.client.upload import Shelf
from qwen_vision.errors import SettingsError
from qwen_vision.settings import RemoteSettings, Settings, read_env_file


def server_from_environment() -> tuple[RemoteSettings, Shelf | None]:
    """The server, and the bucket for uploads if there is one, that the environment names.

    What it leaves out `.env` here may say. Raises SettingsError when neither names a server,
    when `.env` cannot be read or the bucket has no access key, and MissingExtraError for a
    bucket without the `s3` extra.
    """
    file = Path(".env")
    try:
        said = read_env_file(file.read_text("utf-8")) if file.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"Cannot read '{file}' in this folder: {error}. Mend or remove it.", param=str(file)
        ) from error
    environ = os.environ  # noqa: TID251 - this file is the entry point of the library
    said |= environ
    remote = Settings.from_env(said).remote
    if remote is None:
        raise SettingsError(
            "No server is named: set DASHSCOPE_API_KEY (or QWEN_API_KEY), or QWEN_BASE_URL for "
            "another server; the environment and a .env file in this folder are read.",
            param="base_url",
        )
    return remote, open_own_bucket(said)
