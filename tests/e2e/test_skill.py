"""The skill, copied alone to where an agent would put it."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_vision import errors
from qwen_vision.catalogue.catalogue import find_model
from tests.e2e.conftest import EXAMPLES, ROOT, clean_environment

SKILL = ROOT / "skill"
KEY = "sk-of-a-test-0123456789"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def skill(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SKILL, tmp_path / "skills" / "qwen-vision"))


@pytest.fixture
def run(skill: Path) -> Run:
    """`run("ocr", {...})` runs a script of the copied skill beside the example pictures."""

    def start(
        name: str, request: dict[str, object], *words: str, **env: str
    ) -> subprocess.CompletedProcess[str]:
        script = str(skill / "scripts" / f"{name}.py")
        return subprocess.run(  # noqa: S603 - our own script
            [sys.executable, script, "--request", json.dumps(request), *words],
            capture_output=True,
            text=True,
            cwd=EXAMPLES,
            env={**clean_environment(), **env},
            check=False,
        )

    return start


def test_a_script_answers_on_this_machine_without_a_key(run: Run) -> None:
    done = run("ocr", {"image": "sign.png"}, "--print-response")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["text"].split("\n") == ["Platform 7", "Trains to Riverside"]
    assert "[embedded-" in done.stderr


def test_no_key_is_shown_when_the_server_refuses_it(run: Run) -> None:
    nowhere = {"QWEN_BASE_URL": "http://127.0.0.1:9/v1", "QWEN_API_KEY": KEY}
    done = run("ocr", {"image": "receipt.png"}, **nowhere, QWEN_VISION_DEBUG="1")
    assert done.returncode == 1
    assert KEY not in done.stdout + done.stderr


def test_a_script_without_the_package_says_what_to_install(skill: Path) -> None:
    for script in sorted((skill / "scripts").glob("*.py")):
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-I", "-S", str(script), "--help"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "pip install 'qwen-vision[embedded]'" in done.stderr


def test_the_skill_has_a_name_and_says_when_to_use_it() -> None:
    _, head, body = (SKILL / "SKILL.md").read_text("utf-8").split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in head.strip().splitlines())
    assert fields["name"] == "qwen-vision"
    assert 100 < len(fields["description"]) <= 1024
    assert "Never print" in body


def test_the_models_of_the_skill_are_in_the_catalogue() -> None:
    text = (SKILL / "references" / "models.md").read_text("utf-8")
    for name in re.findall(r"^\| `([^`]+)`", text, re.MULTILINE):
        assert find_model(name).id == name


def test_the_errors_of_the_skill_are_those_of_the_dialect() -> None:
    text = (SKILL / "references" / "errors.md").read_text("utf-8")
    classes = [found for found in vars(errors).values() if isinstance(found, type)]
    known = {getattr(found, "code", None) for found in classes}
    codes, messages = text.split("Frequent messages")
    assert set(re.findall(r"^\| `([^`]+)`", codes, re.MULTILINE)) - known == set()
    texts = " ".join(str(getattr(found, "text", "")) for found in classes)
    frequent = re.findall(r"^\| `([^`]+)`", messages, re.MULTILINE)
    assert [words for words in frequent if words not in texts and "module" not in words] == []


def test_the_files_that_a_page_of_the_skill_names_are_in_the_folder() -> None:
    for page in SKILL.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).is_file(), target
