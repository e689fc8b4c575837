"""`qwen-vision estimate`: what a question would cost."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Command = Callable[..., subprocess.CompletedProcess[str]]


def test_estimate_lists_items_and_prices(command: Command, folder: Path) -> None:
    done = command("estimate", "red.png", "What colour is this?")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    # 320 x 240 is seen as 320 x 256 by a factor of 32: 80 tokens and 2 marks.
    assert lines[0] == "red.png  seen as 320x256  82 tokens"
    assert lines[1].startswith("qwen3.6-plus  ")
    assert "$" in lines[1]


def test_estimate_as_json_is_what_the_server_says(command: Command) -> None:
    done = command("estimate", "red.png", "--json", "--model", "qwen-vl-max")
    estimate = json.loads(done.stdout)
    assert estimate["object"] == "estimate"
    assert estimate["items"][0]["tokens"] == 82
    assert {price["currency"] for price in estimate["prices"]} == {"USD", "CNY"}


def test_estimate_for_all_models_says_which_cannot_take_a_video(
    command: Command, clip: Path
) -> None:
    done = command("estimate", clip.name, "--all")
    assert done.returncode == 0
    assert "qwen-vl-ocr" in done.stdout
    assert "not possible: The model qwen-vl-ocr takes no videos." in done.stdout


def test_estimate_for_one_model_fails_with_the_reason(command: Command, clip: Path) -> None:
    done = command("estimate", clip.name, "--model", "qwen-vl-ocr")
    assert (done.returncode, done.stdout) == (1, "")
    assert "takes no videos" in done.stderr


def test_estimate_names_a_missing_file(command: Command) -> None:
    done = command("estimate", "none.png")
    assert done.returncode == 1
    assert "none.png" in done.stderr


def test_estimate_takes_no_option_that_only_matters_when_something_is_asked(
    command: Command,
) -> None:
    help_text = command("estimate", "--help").stdout
    for words in (["--stream"], ["--annotate", "out.png"], ["-o", "x"], ["--temperature=1"]):
        option = words[0].partition("=")[0]
        assert option not in help_text.split()
        done = command("estimate", "red.png", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"there is no option '{option}' here; qwen-vision analyze" in done.stderr


def test_estimate_refuses_what_the_question_itself_would_be_refused_for(command: Command) -> None:
    done = command("estimate", "red.png", "--max-tokens", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Range of max_tokens should be" in done.stderr


def test_estimate_for_all_models_says_which_cannot_fill_a_schema(command: Command) -> None:
    done = command("estimate", "red.png", "--all", "--schema", '{"type":"object"}')
    assert done.returncode == 0
    assert "qwen-vl-ocr     not possible: The model qwen-vl-ocr does not support" in done.stdout
