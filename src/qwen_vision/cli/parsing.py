"""Parser: argparse with our errors, and types of values that say what they take."""

import argparse
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method):
        """Do nothing: the real one would add a third to the time of `--help`."""
        return method


_UNRECOGNIZED = "unrecognized arguments: "


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

        unknown = message.removeprefix(_UNRECOGNIZED)
        if unknown != message and unknown.startswith("-"):
            option = unknown.split()[0].partition("=")[0]
            message = f"there is no option '{option}'{self._hint(option)}"
        stop = "" if message.endswith("?") else "."
        raise UsageError(f"{message}{stop} See: {self.prog} --help")

    def _hint(self, option: str) -> str:
        """Who has the option, or which one of these may be meant."""
        from difflib import get_close_matches
        from importlib import import_module

        from qwen_vision.cli.main import COMMANDS

        owners = [
            name
            for name in COMMANDS
            if option in import_module(f"qwen_vision.cli.{name}").build_parser().option_names
        ]
        if owners:
            *most, last = owners
            who = f"{', '.join(most)} and {last} have" if most else f"{last} has"
            return f" here; qwen-vision {who} it"
        meant = get_close_matches(option, self.option_names, n=1)
        return f". Did you mean '{meant[0]}'?" if meant else ""

    @property
    def option_names(self) -> tuple[str, ...]:
        """Every name of every option, such as `-o` and `--output`."""
        return tuple(self._option_string_actions)


def add_engine(parser: argparse.ArgumentParser) -> None:
    """The option that decides by hand who answers."""
    parser.add_argument(
        "--engine",
        metavar="NAME",
        help="local, remote, or an engine as NAME[:ARGUMENT]; by default remote when a key or "
        "QWEN_BASE_URL is set, else local",
    )
