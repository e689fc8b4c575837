"""`qwen-vision pull`: fetch weights from the model hub, for the engine llamacpp."""

import asyncio
import sys
import time
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qwen_vision.cli.call import Call
from qwen_vision.cli.parsing import Parser

if TYPE_CHECKING:
    from qwen_vision.cli.hub import Hub, HubFile

DEFAULT_QUANT: Final = "Q4_K_M"
# The vision encoder suffers most from rounding, and is small.
_PROJECTOR_KINDS: Final = ("F16", "BF16", "Q8_0", "F32")
_MEGABYTE: Final = 1_000_000
_TELL_EVERY_S: Final = 0.2


def run(argv: Sequence[str], call: Call) -> int:
    """Fetch a model and its mmproj, or list the known names; returns the exit code."""
    options = build_parser().parse_args(argv)
    known = repositories()
    if options.name is None:
        sys.stdout.write("".join(f"{name:22} {place}\n" for name, place in known.items()))
        return 0
    from qwen_vision.errors import SettingsError, UsageError

    if options.name not in known:
        raise UsageError(
            f"There are no weights '{options.name}'. Known: {', '.join(known)}. For others fetch "
            "the files yourself and run: qwen-vision serve --model FILE.gguf --mmproj FILE.gguf"
        )
    settings = call.settings
    if settings.weights.folder is None:
        raise SettingsError(
            "There is no folder for weights: set QWEN_VISION_WEIGHTS_FOLDER.", param="folder"
        )
    folder = settings.weights.folder / options.name
    repository = known[options.name]
    asyncio.run(_pull(repository, folder, options.quant, call))
    call.screen.note(f"Run it with: qwen-vision serve --model {options.name}")
    return 0


def repositories() -> dict[str, str]:
    """Known names and the repository of each on the hub."""
    text = resources.files("qwen_vision.cli").joinpath("weights.toml").read_text("utf-8")
    found: dict[str, str] = tomllib.loads(text)["repositories"]
    return found


async def _pull(repository: str, folder: Path, quant: str, call: Call) -> None:  # noqa: PLR0917
    from qwen_vision.cli.hub import choose, connected, is_projector
    from qwen_vision.errors import SettingsError

    async with connected(call.settings.hub_url) as hub:
        files = await hub.weights(repository)
        models = [file for file in files if not is_projector(file)]
        model = choose(models, [quant])
        if model is None:
            raise SettingsError(
                f"'{repository}' has no quantisation '{quant}'. It has: "
                f"{', '.join(file.path for file in models) or 'no GGUF file'}.",
                param="quant",
            )
        projector = choose([file for file in files if is_projector(file)], _PROJECTOR_KINDS)
        for file in (model, projector):
            if file is not None:
                await _fetch(hub, repository, file, folder=folder, call=call)


async def _fetch(hub: "Hub", repository: str, file: "HubFile", *, folder: Path, call: Call) -> None:
    from qwen_vision.cli.partfile import PartFile, has_checksum

    large = file.lfs
    assert large is not None  # noqa: S101 - the hub's list holds no others
    goal = folder / file.path
    if has_checksum(goal, size=large.size, sha256=large.oid):
        call.screen.note(f"{file.path} is here already.")
        return
    told_at = 0.0

    def tell() -> None:
        nonlocal told_at
        if time.monotonic() - told_at > _TELL_EVERY_S:
            told_at = time.monotonic()
            here, whole = part.received // _MEGABYTE, part.size // _MEGABYTE
            share = 100 * part.received // part.size
            call.screen.progress(f"{file.path} {here} of {whole} MB, {share} %")

    with PartFile(goal, size=large.size, sha256=large.oid) as part:
        await hub.fetch(repository, file, part, tell=tell)
        part.finish()
    call.screen.note(f"{goal}")


def build_parser() -> Parser:
    """The command's options."""
    parser = Parser(
        "pull",
        description="Fetch Qwen-VL weights (GGUF and mmproj) from the model hub, for the engine\n"
        "llamacpp. A broken download goes on where it stopped; checksums are checked.\n"
        "Without a name: list the known ones.",
        epilog="examples:\n  qwen-vision pull qwen3-vl-2b\n"
        "  qwen-vision pull qwen3-vl-4b --quant Q8_0\n"
        "  qwen-vision serve --model qwen3-vl-2b\n\n"
        "QWEN_VISION_WEIGHTS_FOLDER names the folder, QWEN_VISION_HUB_URL another hub.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="which model")
    parser.add_argument(
        "--quant",
        default=DEFAULT_QUANT,
        metavar="KIND",
        help=f"how its numbers are rounded; {DEFAULT_QUANT} by default",
    )
    return parser
