"""Every optional extra, blocked in turn: one line with the pip command, and exit code 1."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RECEIPT = ROOT / "examples" / "receipt.png"

# A finder that hides packages as if they had never been installed.
HIDDEN = """
import sys
from importlib.machinery import PathFinder

class Hidden(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            return None
        return super().find_spec(name, path, target)

sys.meta_path[:] = [Hidden if found is PathFinder else found for found in sys.meta_path]
from qwen_vision.cli.main import main
sys.exit(main({argv!r}, {{}}))
"""


def _run_without(names: set[str], *argv: str) -> subprocess.CompletedProcess[str]:
    code = HIDDEN.format(names=names, argv=list(argv))
    return subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )


ANALYZE = ("analyze", str(RECEIPT), "What is this?", "--engine", "local")
SERVE = ("serve", "--port", "0")
# What a command cannot do without; the rest of an extra is loaded by these.
NEEDED = {
    "embedded": (ANALYZE, ["rapidocr", "onnxruntime", "zxingcpp", "cv2", "numpy"]),
    "llamacpp": ((*ANALYZE[:-1], "llamacpp:model.gguf"), ["xllamacpp"]),
    "server": (SERVE, ["starlette", "uvicorn", "httptools", "prometheus_client"]),
}


@pytest.mark.parametrize(
    ("extra", "package"),
    [(extra, package) for extra, (_, packages) in NEEDED.items() for package in packages],
)
def test_missing_package_of_an_extra_is_one_line_with_the_pip_command(
    extra: str, package: str
) -> None:
    done = _run_without({package}, *NEEDED[extra][0])
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(lines) == 1, done.stderr
    assert f"pip install 'qwen-vision[{extra}]'" in lines[0]


@pytest.mark.parametrize("extra", NEEDED)
def test_extra_that_is_missing_whole_is_one_line_with_the_pip_command(extra: str) -> None:
    argv, packages = NEEDED[extra]
    done = _run_without(set(packages), *argv)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert f"pip install 'qwen-vision[{extra}]'" in done.stderr


def test_doctor_tells_every_missing_extra_and_the_command_for_it() -> None:
    hidden = {name for _, names in NEEDED.values() for name in names}
    done = _run_without(hidden, "doctor")
    assert "pip install 'qwen-vision[embedded]'" in done.stdout
    assert done.stderr == ""


def test_models_and_help_need_no_extra() -> None:
    hidden = {name for _, names in NEEDED.values() for name in names}
    for argv in (("models",), ("--help",), ("serve", "--help")):
        done = _run_without(hidden, *argv)
        assert done.returncode == 0, done.stderr
        assert done.stdout


def test_extras_are_those_the_project_promises() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    promised = {"embedded", "objects", "llamacpp", "server", "otel", "dev"}
    assert promised <= set(project["optional-dependencies"])
