"""Weights: which files an engine's argument means, checked before anything is loaded."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qwen_vision.engines.llamacpp.gguf import Header, read_header
from qwen_vision.errors import SettingsError
from qwen_vision.settings import WeightsSettings

_PROJECTOR: Final = "clip"
_FILES: Final = re.compile(
    r"(?P<model>.+?\.gguf)(?:(?::|,mmproj=)(?P<projector>.+\.gguf))?", re.IGNORECASE
)
_MEMINFO: Final = Path("/proc/meminfo")
_MIB: Final = 1024 * 1024
# Keys and values are kept in 16 bits each.
_CACHE_VALUE_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Weights:
    """The files of one model; without a `projector` it takes no pictures."""

    model: Header
    projector: Header | None
    context_tokens: int

    @property
    def name(self) -> str:
        """The model file's name without its ending."""
        return self.model.path.stem

    def needed_bytes(self, *, slots: int) -> int:
        """Memory for the weights and for what every slot remembers, roughly."""
        files = self.model.bytes + (self.projector.bytes if self.projector else 0)
        model = self.model
        heads = model.number("attention.head_count_kv") or model.number("attention.head_count") or 0
        width = (model.number("attention.key_length") or 0) + (
            model.number("attention.value_length") or 0
        )
        token = (model.number("block_count") or 0) * heads * width * _CACHE_VALUE_BYTES
        return files + token * self.context_tokens * slots


def find_weights(argument: str, settings: WeightsSettings) -> Weights:
    """The weights for `MODEL.gguf[:MMPROJ.gguf]`, `MODEL.gguf,mmproj=MMPROJ.gguf` or a pulled name.

    A model file alone takes the only `mmproj*.gguf` beside it. A name may be followed by a
    quantisation (`qwen3-vl-2b:Q8_0`). Raises SettingsError for files that cannot be used
    together, that are missing, or that need more memory than there is.
    """
    files = _FILES.fullmatch(argument)
    if files is None:
        model_path, projector_path = _pulled(argument, settings)
    else:
        model_path = Path(files["model"]).expanduser()
        named = files["projector"]
        projector_path = Path(named).expanduser() if named else _beside(model_path)
    model = read_header(model_path)
    projector = None if projector_path is None else read_header(projector_path)
    _check_pair(model, projector)
    trained = model.number("context_length") or settings.context_tokens
    weights = Weights(model, projector, min(trained, settings.context_tokens))
    _check_memory(weights, settings)
    return weights


def weigh_copies(argument: str, settings: WeightsSettings, *, processes: int) -> str:
    """What it takes that so many processes load these weights, in words.

    Raises SettingsError when that is more memory than there is, or the weights cannot be used.
    """
    weights = find_weights(argument, settings)
    needed = weights.needed_bytes(slots=settings.slots) * processes
    available = _available_bytes()
    if available is not None and needed > available:
        raise SettingsError(
            f"Each of {processes} workers would load '{weights.model.path}': about "
            f"{needed // _MIB} MB of memory in all, and {available // _MIB} MB are free. Take one "
            "worker, and for more answers at a time more slots in [weights].",
            param="workers",
        )
    return (
        f"Each of {processes} workers loads '{weights.model.path}': about {needed // _MIB} MB of "
        "memory in all. One worker with more slots in [weights] needs less."
    )


def _pulled(name: str, settings: WeightsSettings) -> tuple[Path, Path | None]:
    name, _, quant = name.partition(":")
    if not name or Path(name).name != name:
        raise SettingsError(
            f"The engine llamacpp needs weights, not '{name}': llamacpp:MODEL.gguf:MMPROJ.gguf, "
            "or a name that was pulled, as llamacpp:qwen3-vl-2b.",
            param="engine",
        )
    folder = (settings.folder or Path()) / name
    found = sorted(folder.glob("*.gguf")) if settings.folder else []
    models = [path for path in found if not _is_projector(path)]
    fitting = [path for path in models if quant.lower() in path.stem.lower()]
    if not fitting:
        raise SettingsError(
            f"There are no weights '{name}{':' if quant else ''}{quant}' in '{settings.folder}'. "
            f"Run: qwen-vision pull {name}{' --quant ' if quant else ''}{quant}",
            param="engine",
        )
    if len(fitting) > 1:
        raise SettingsError(
            f"'{name}' was pulled more than once: {', '.join(path.name for path in fitting)}. "
            f"Say which, as llamacpp:{name}:Q4_K_M.",
            param="engine",
        )
    return fitting[0], _beside(fitting[0])


def _beside(model: Path) -> Path | None:
    """The only projector in the model's folder."""
    found = [path for path in sorted(model.parent.glob("*.gguf")) if _is_projector(path)]
    return found[0] if len(found) == 1 else None


def _is_projector(path: Path) -> bool:
    return "mmproj" in path.name.lower()


def _check_pair(model: Header, projector: Header | None) -> None:
    if model.architecture == _PROJECTOR:
        raise SettingsError(
            f"'{model.path}' holds a projector (mmproj), not a model. Name the model first: "
            "llamacpp:MODEL.gguf:MMPROJ.gguf.",
            param="engine",
        )
    if projector is None:
        return
    if projector.architecture != _PROJECTOR:
        raise SettingsError(
            f"'{projector.path}' is no projector (mmproj): it holds a model of the kind "
            f"'{projector.architecture}'.",
            param="engine",
        )
    width = model.number("embedding_length")
    made_for = projector.number("vision.projection_dim")
    if width is not None and made_for is not None and width != made_for:
        raise SettingsError(
            f"'{projector.path}' belongs to another model: it makes vectors of {made_for}, and "
            f"'{model.path}' reads {width}. Take the mmproj that came with the model.",
            param="engine",
        )


def _check_memory(weights: Weights, settings: WeightsSettings) -> None:
    available = _available_bytes()
    needed = weights.needed_bytes(slots=settings.slots)
    if available is not None and needed > available:
        raise SettingsError(
            f"'{weights.model.path}' needs about {needed // _MIB} MB of memory with "
            f"{settings.slots} slots of {weights.context_tokens} tokens; {available // _MIB} MB "
            "are free. Take a smaller quantisation, or fewer slots or context_tokens in [weights].",
            param="engine",
        )


def _available_bytes() -> int | None:
    """Memory that can be had without swapping; None where the system does not say."""
    try:
        lines = _MEMINFO.read_text("ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None
