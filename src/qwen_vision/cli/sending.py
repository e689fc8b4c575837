"""Sending: how the files of one run reach a remote server, with a progress bar for a person."""

from qwen_vision.cli.call import Call
from qwen_vision.cli.completers import Sending
from qwen_vision.cli.output import Screen

_BAR_CELLS = 24


def sending_of(call: Call, *, upload: bool | None, shrink: bool = True) -> Sending:
    """How to send, for the options of a command; uploads are remembered between runs."""
    return Sending(
        upload=upload, shrink=shrink, remember=call.upload_memory, progress=UploadBar(call.screen)
    )


class UploadBar:
    """Shows how far an upload is; only on a terminal, and only when it has moved on."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._shown = -1

    def __call__(self, name: str, sent_bytes: int, total_bytes: int) -> None:
        """Show the state of one upload."""
        percent = sent_bytes * 100 // max(total_bytes, 1)
        if percent == self._shown:
            return
        self._shown = percent
        full = percent * _BAR_CELLS // 100
        bar = "█" * full + "░" * (_BAR_CELLS - full)
        self._screen.progress(
            f"{name}: uploading {bar} {percent}% of {total_bytes / 1_000_000:.1f} MB"
        )
