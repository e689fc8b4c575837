"""The example plug-in, installed where this project's own metadata does not reach."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import clean_environment

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "engine-plugin"
Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def site_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plug-in as pip would leave it: the module, and what names its engine."""
    folder = tmp_path_factory.mktemp("site")
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    module = "qwen_vision_palette"
    (folder / f"{module}.py").write_bytes((EXAMPLE / f"{module}.py").read_bytes())
    metadata = folder / f"{module}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines))
    return folder


@pytest.fixture
def command(site_packages: Path) -> Callable[..., Done]:
    """`command("doctor")` runs qwen-vision where the plug-in is installed."""
    environment = clean_environment()
    paths = [str(site_packages), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = ":".join(path for path in paths if path)

    def run(*words: str) -> Done:
        return subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "qwen_vision", *words],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
            check=False,
        )

    return run


def test_the_command_finds_and_asks_the_engine(command: Callable[..., Done]) -> None:
    done = command("analyze", "examples/sign.png", "Which colour?", "--engine", "palette")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1: #")
    assert "[palette-0.1" in done.stderr


def test_a_video_is_told_frame_by_frame(command: Callable[..., Done]) -> None:
    done = command("analyze", "examples/clip.mp4", "Colours?", "--fps", "1", "--engine", "palette")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.strip().splitlines()) >= 4


def test_what_the_engine_does_not_claim_is_refused_with_its_way_out(
    command: Callable[..., Done],
) -> None:
    words = ("examples/sign.png", "Which?", "--schema", '{"type":"object"}', "--engine", "palette")
    done = command("analyze", *words)
    assert done.returncode == 1
    assert "palette" in done.stderr
    assert "--engine embedded" in done.stderr


def test_doctor_lists_the_engine(command: Callable[..., Done]) -> None:
    done = command("doctor", "--json")
    engines = json.dumps(json.loads(done.stdout)["engines"])
    assert "palette" in engines
