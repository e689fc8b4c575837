"""Parser: argparse with our errors, and types of values that say what they take."""

import argparse
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method):
        """Do nothing: the real one would add a third to the time of `--help`."""
        return method


class Parser(argparse.ArgumentParser):
    """Raises UsageError instead of printing two lines and leaving."""

    def __init__(self, command: str, **settings: str) -> None:
        """A parser for `qwen-vision COMMAND` with help that keeps its line breaks."""
        super().__init__(
            prog=f"qwen-vision {command}".strip(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            description=settings.get("description"),
            epilog=settings.get("epilog"),
            usage=settings.get("usage"),
        )

    @override
    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the way to the help."""
        # errors is light, but `--help` does not need it at all.
        from qwen_vision.errors import UsageError

        stop = "" if message.endswith("?") else "."
        raise UsageError(f"{message}{stop} See: {self.prog} --help")


def add_engine(parser: argparse.ArgumentParser) -> None:
    """The option that decides by hand who answers."""
    parser.add_argument(
        "--engine",
        metavar="NAME",
        help="local, remote, or an engine as NAME[:ARGUMENT]; by default remote when a key or "
        "QWEN_BASE_URL is set, else local",
    )
