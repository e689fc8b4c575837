"""Writes the tables of docs/reference/dialect.md from the code: python docs/make_tables.py.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; the words around it are kept.
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from qwen_vision.catalogue.catalogue import models
from qwen_vision.catalogue.model import Model, Tier
from qwen_vision.errors import QwenVisionError, access, base, media, parameters, service

PAGE = Path(__file__).parent / "reference" / "dialect.md"
BLOCK = re.compile(r"(<!-- table: (?P<name>.*?) -->\n).*?(<!-- end -->)", re.DOTALL)
GENERAL_TEXTS = {base.QwenVisionError.text, base.InvalidRequestError.text}
FAMILIES = {"MediaError", "InspectionError", "RemoteError"}
MODULES = {
    "errors: access and model": access,
    "errors: parameters": parameters,
    "errors: media": media,
    "errors: limits and service": service,
}
THINKING = {
    "never": "never",
    "off": "off, can be switched on",
    "on": "on, can be switched off",
    "always": "always",
}


def error_rows(name: str) -> Iterator[str]:
    """One row for each error class of a module, in the order of its source."""
    module = MODULES[name]
    yield "| case | status | code | param | message |"
    yield "|---|---|---|---|---|"
    for found in vars(module).values():
        if (
            inspect.isclass(found)
            and issubclass(found, QwenVisionError)
            and found.__module__ == module.__name__
            and found.__name__ not in FAMILIES
        ):
            yield _error_row(found)


def _error_row(found: type[QwenVisionError]) -> str:
    case = (found.__doc__ or "").partition("\n")[0].rstrip(".")
    code = f"`{found.code}`" if found.code else "null"
    if found.type != "invalid_request_error":
        code = f"`{found.type}` / {code}"
    fence = "``" if "`" in found.text else "`"
    space = " " if fence == "``" else ""
    text = f"{fence}{space}{found.text}{space}{fence}"
    if found.text in GENERAL_TEXTS:
        text = "says what is wrong, case by case"
    param = f"`{found.param}`" if found.param else "null or the field's path"
    return f"| {case} | {found.status} | {code} | {param} | {text} |"


def catalogue_rows() -> Iterator[str]:
    """What every model may do."""
    yield (
        "| model | context | longest prompt (thinking) | longest answer | longest thought | "
        "thinking | stream only | tools | structured output | factor |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for model in models():
        thinking_prompt = model.max_input_thinking_tokens
        cells = (
            f"`{model.id}`",
            f"{model.context_tokens:,}",
            f"{model.max_input_tokens:,}" + (f" ({thinking_prompt:,})" if thinking_prompt else ""),
            f"{model.max_output_tokens:,}",
            f"{model.max_thinking_tokens:,}" if model.max_thinking_tokens else "none",
            THINKING[model.thinking],
            _yes(model.stream_only),
            _yes(model.tools),
            model.structured,
            str(model.pixels.factor),
        )
        yield f"| {' | '.join(cells)} |"


def snapshot_rows() -> Iterator[str]:
    """Other names of a model."""
    yield "| model | also answers to |"
    yield "|---|---|"
    for model in models():
        if model.snapshots:
            names = ", ".join(f"`{name}`" for name in model.snapshots)
            yield f"| `{model.id}` | {names} |"


def media_rows() -> Iterator[str]:
    """How large and how long media may be."""
    yield "| model | picture by URL | video by URL | length of a video | frames in a list |"
    yield "|---|---|---|---|---|"
    for model in models():
        yield f"| `{model.id}` | {_mib(model.image_url_bytes)} | {_video(model)} |"


def _video(model: Model) -> str:
    if not model.takes_video:
        return "no videos | none | none"
    shortest, longest = model.video_seconds
    return (
        f"{model.video_bytes // 2**30} GiB | {shortest:g} s to {longest / 60:g} min | "
        f"4 to {model.max_frame_list}"
    )


def pixel_rows() -> Iterator[str]:
    """Pixel limits, one row for each group of models that share them."""
    yield (
        "| models | factor | picture: least / most by default / most allowed / high resolution | "
        "frame: least (lowest allowed) / most by default / most allowed | whole video | "
        "most frames |"
    )
    yield "|---|---|---|---|---|---|"
    groups: dict[str, list[str]] = {}
    for model in models():
        groups.setdefault(_pixels(model), []).append(f"`{model.id}`")
    for pixels, names in groups.items():
        yield f"| {', '.join(names)} | {pixels} |"


def _pixels(model: Model) -> str:
    image, video = model.pixels.image, model.pixels.video
    picture = f"{image.low} / {image.default} / {image.ceiling} / {image.high_resolution}"
    if video is None:
        return f"{model.pixels.factor} | {picture} | none | none | none"
    frame = f"{video.low} ({video.lowest}) / {video.default} / {video.ceiling}"
    return f"{model.pixels.factor} | {picture} | {frame} | {video.total} | {video.max_frames}"


def price_rows() -> Iterator[str]:
    """Prices per million tokens."""
    yield "| model | USD in / out | CNY in / out |"
    yield "|---|---|---|"
    for model in models():
        if model.prices_usd or model.prices_cny:
            yield f"| `{model.id}` | {_tiers(model.prices_usd)} | {_tiers(model.prices_cny)} |"


def _tiers(tiers: tuple[Tier, ...]) -> str:
    rows = (f"up to {tier.up_to:,}: {tier.input:g} / {tier.output:g}" for tier in tiers)
    return "; ".join(rows) or "none"


def _yes(value: object) -> str:
    return "yes" if value else "no"


def _mib(size_bytes: int) -> str:
    return f"{size_bytes // 2**20} MiB"


def table(name: str) -> str:
    """The lines of the table with this name."""
    rows = {
        "catalogue": catalogue_rows,
        "snapshots": snapshot_rows,
        "media limits": media_rows,
        "pixel parameters": pixel_rows,
        "prices": price_rows,
    }
    lines = rows[name]() if name in rows else error_rows(name)
    return "\n".join(lines)


def rewrite(text: str) -> str:
    """The page with every table as the code has it now."""
    return BLOCK.sub(lambda block: f"{block[1]}{table(block['name'])}\n{block[3]}", text)


if __name__ == "__main__":
    PAGE.write_text(rewrite(PAGE.read_text("utf-8")), "utf-8")
