"""Results: every figure of one run with the machine it ran on, kept as JSON."""

import datetime
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks.proxy import peer_python
from benchmarks.table import Row
from qwen_vision import __version__

LATEST = Path(__file__).parent / "results" / "latest.json"
# What the figures depend on most.
PACKAGES = (
    "msgspec",
    "uvicorn",
    "uvloop",
    "starlette",
    "aiohttp",
    "httptools",
    "pillow",
    "av",
    "rapidocr",
    "onnxruntime",
    "xllamacpp",
)


class Group(Struct, frozen=True):
    """The figures of one benchmark."""

    title: str
    rows: list[Row]


class Results(Struct, frozen=True):
    """One run; `left_out` says what was not measured."""

    date: str
    machine: str
    python: str
    versions: dict[str, str]
    groups: list[Group]
    left_out: list[str]

    def row(self, name: str) -> Row | None:
        """The row with this name, if it was measured."""
        return next((row for group in self.groups for row in group.rows if row.name == name), None)


def results(groups: Sequence[Group], left_out: Sequence[str]) -> Results:
    """Figures of now and here."""
    return Results(
        date=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        machine=machine(),
        python=platform.python_version(),
        versions=versions(),
        groups=[*groups],
        left_out=[*left_out],
    )


def save(found: Results) -> None:
    """Keep them as the latest."""
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")


def load() -> Results:
    """The latest that were kept."""
    return msgspec.json.decode(LATEST.read_bytes(), type=Results)


def machine() -> str:
    """What this runs on; figures of two machines cannot be compared."""
    model = platform.processor() or platform.machine()
    cpus = Path("/proc/cpuinfo")
    if cpus.is_file():
        for line in cpus.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{os.cpu_count()} x {model}, {platform.system()} {platform.release()}"


def versions() -> dict[str, str]:
    """Versions of what was measured and of its peers, as far as they are here."""
    found = {"qwen-vision": __version__}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    python = peer_python()
    if python is not None:
        ask = "from importlib.metadata import version; print(version('litellm'))"
        found["litellm"] = _said(python, "-c", ask)
    tesseract = shutil.which("tesseract")
    if tesseract is not None:
        found["tesseract"] = _said(tesseract, "--version").partition("\n")[0].split()[-1]
    return found


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()
