"""Sending: how files reach a remote server, for the options of a command."""

from qwen_vision.cli.call import Call
from qwen_vision.cli.completers import Sending
from qwen_vision.cli.waiting import Waiting
from qwen_vision.client.own_bucket import open_own_bucket


def sending_of(
    call: Call, waiting: Waiting, *, upload: bool | None, shrink: bool = True
) -> Sending:
    """How to send; uploads are remembered between runs."""
    return Sending(
        upload=upload,
        shrink=shrink,
        remember=call.upload_memory,
        progress=waiting.uploaded,
        shelf=open_own_bucket({**call.env_file, **call.environ}),
    )
