"""`qwen-vision models` and `doctor`: what they say and what they keep to themselves."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from qwen_vision.catalogue.catalogue import models

Command = Callable[..., subprocess.CompletedProcess[str]]


def test_table_has_a_row_for_each_model_and_fits_100_columns(command: Command) -> None:
    lines = command("models").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [model.id for model in models()]
    assert max(map(len, lines)) <= 100


def test_json_holds_the_whole_catalogue(command: Command) -> None:
    found = json.loads(command("models", "--json").stdout)
    first = next(entry for entry in found if entry["id"] == "qwen3.6-plus")
    assert first["context_tokens"] == 1_000_000
    assert first["pixels"]["factor"] == 32
    assert first["prices_usd"][0] == {"up_to": 256000, "input": 0.5, "output": 3.0}


def test_doctor_says_which_engine_and_why(command: Command) -> None:
    done = command("doctor", "--engine", "scripted")
    assert done.returncode == 0
    assert "answers: scripted, because --engine says so" in done.stdout


def test_doctor_tells_that_a_key_is_set_but_never_the_key(command: Command) -> None:
    env = {"DASHSCOPE_API_KEY": "sk-very-secret"}
    for words in (("doctor",), ("doctor", "--json")):
        done = command(*words, env=env)
        assert "DASHSCOPE_API_KEY in the environment" in done.stdout
        assert "secret" not in done.stdout + done.stderr


def test_doctor_json_names_extras_and_engines(command: Command) -> None:
    found = json.loads(command("doctor", "--engine", "scripted", "--json").stdout)
    assert found["engines"]["scripted"] == "ready"
    assert set(found["extras"]) >= {"embedded", "server"}
    assert found["host"] is None


def test_doctor_fails_when_the_engine_is_not_there(command: Command) -> None:
    done = command("doctor", "--engine", "magic")
    assert done.returncode == 1
    assert "problem: engine magic" in done.stdout


def test_doctor_warns_of_a_coding_plan_key(command: Command) -> None:
    done = command("doctor", env={"QWEN_API_KEY": "sk-sp-1"})
    assert done.returncode == 1
    assert "coding plan" in done.stdout


def test_doctor_reports_an_engine_that_cannot_be_loaded(command: Command, folder: Path) -> None:
    info = folder / "magic-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: magic\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[qwen_vision.engines]\nmagic = nowhere:plugin\nodd = json:dumps\n"
    )
    code = (
        "import sys; sys.path.insert(0, '.'); from qwen_vision.cli.main import main; "
        "sys.exit(main(['doctor', '--json'], {}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    engines = json.loads(done.stdout)["engines"]
    assert engines["magic"].startswith("cannot be loaded")
    assert "no Plugin" in engines["odd"]
