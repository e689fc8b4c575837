"""analyze, reason and ocr: what is asked, and where the answer goes."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

Command = Callable[..., subprocess.CompletedProcess[str]]

SCRIPTED = ("--engine", "scripted:script.toml")


def test_answer_goes_to_stdout_and_the_engine_line_to_stderr(command: Command) -> None:
    done = command("analyze", "red.png", "What is this?", *SCRIPTED)
    assert (done.returncode, done.stdout) == (0, "A red picture.\n")
    assert done.stderr.splitlines()[-1].startswith("[scripted-0.1 · ")
    assert "image tokens" in done.stderr


def test_reasoning_goes_to_stderr(command: Command) -> None:
    done = command("reason", "red.png", *SCRIPTED)
    assert done.stdout == "A red picture.\n"
    assert "Red, I think." in done.stderr


def test_ocr_reads_with_the_reading_model(command: Command) -> None:
    done = command("ocr", "red.png", "--no-stream", *SCRIPTED)
    assert (done.returncode, done.stdout) == (0, "A red picture.\n")


def test_prompt_may_stand_before_the_files_and_between_options(command: Command) -> None:
    done = command("analyze", "as json please", "red.png", *SCRIPTED, "--seed", "1")
    assert "total" in done.stdout


def test_stream_shows_the_answer_as_it_comes(command: Command) -> None:
    done = command("analyze", "red.png", "--stream", *SCRIPTED)
    assert done.stdout == "A red picture.\n"
    assert done.stderr.startswith("Red, I think. \n\n")


def test_missing_file_is_an_error_and_not_a_prompt(command: Command) -> None:
    done = command("analyze", "red.png", "blue.png", *SCRIPTED)
    assert done.returncode == 1
    assert done.stderr == ("qwen-vision: error: Cannot read 'blue.png': there is no such file.\n")


def test_missing_file_with_a_space_in_its_name_is_an_error(command: Command) -> None:
    done = command("analyze", "holiday photo.jpg", *SCRIPTED)
    assert done.returncode == 1
    assert "holiday photo.jpg" in done.stderr


def test_prompt_may_mention_a_file_name(command: Command) -> None:
    assert command("analyze", "red.png", "Is this like blue.png", *SCRIPTED).returncode == 0


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ((), "name at least one file"),
        (("photo",), "'photo' is no file"),
        (("",), "empty"),
        (("red.png", ""), "empty"),
        (("ftp://host/red.png",), "'ftp://host/red.png' is no URL that can be taken"),
        (("red.png", "what", "is"), '"what is"'),
        (("red.png", "what", "--prompt", "why"), "--prompt"),
        (("red.png", "--fps", "2"), "--fps"),
        (("red.png", "--pages", "1"), "--pages"),
        (("red.png", "--schema", "{"), "--schema"),
        (("red.png", "--schema", "no.json"), "--schema"),
        (("red.png", "--temperature", "warm"), "--temperature"),
        (("red.png", "--nonsense"), "--nonsense"),
        (("empty",), "folder"),
        (("-", "-"), "once"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    command: Command, folder: Path, *, words: tuple[str, ...], hint: str
) -> None:
    (folder / "empty").mkdir()
    done = command("analyze", *words, *SCRIPTED)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("qwen-vision: error: ")
    assert done.stderr.count("\n") == 1
    assert hint in done.stderr


def test_broken_picture_is_named_as_the_user_named_it(command: Command, folder: Path) -> None:
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n not a picture")
    done = command("analyze", "red.png", "broken.png", *SCRIPTED)
    assert done.returncode == 1
    assert done.stderr.startswith("qwen-vision: error: broken.png: ")


def test_output_takes_the_answer_instead_of_stdout(command: Command, folder: Path) -> None:
    done = command("analyze", "red.png", "-o", "answer.txt", *SCRIPTED)
    assert (done.returncode, done.stdout) == (0, "")
    assert (folder / "answer.txt").read_text() == "A red picture.\n"


def test_failed_answer_leaves_the_output_file_as_it_was(command: Command, folder: Path) -> None:
    (folder / "answer.txt").write_text("old")
    done = command("analyze", "red.png", "cut", "-o", "answer.txt", *SCRIPTED)
    assert done.returncode == 1
    assert (folder / "answer.txt").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == [
        "answer.txt",
        "red.png",
        "script.toml",
    ]


def test_answer_that_fails_halfway_prints_nothing_in_a_pipe(command: Command) -> None:
    done = command("analyze", "red.png", "cut", *SCRIPTED)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the lights went out" in done.stderr


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("no/answer.txt", "there is no folder 'no'"),
        ("drafts", "it is a folder"),
        ("red.png/answer.txt", "there is no folder 'red.png'"),
        ("x" * 300, "File name too long"),
    ],
)
def test_output_that_cannot_be_written_is_refused_before_anything_is_asked(
    command: Command, folder: Path, *, place: str, reason: str
) -> None:
    (folder / "drafts").mkdir()
    # Whoever asks this is told that no such luck is had.
    done = command("analyze", "red.png", "busy", "-o", place, *SCRIPTED)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"Cannot write '{place}': {reason}. Choose another --output." in done.stderr


def test_answer_that_could_not_be_kept_is_shown(command: Command) -> None:
    done = command("analyze", "red.png", "-o", "/dev/full", *SCRIPTED)
    assert (done.returncode, done.stdout) == (1, "A red picture.\n")
    assert "Cannot write '/dev/full': No space left on device" in done.stderr


def test_output_goes_through_links_and_into_pipes_that_stay_what_they_are(
    process: Command, folder: Path
) -> None:
    (folder / "link.txt").symlink_to("answer.txt")
    assert process("analyze", "red.png", "-o", "link.txt", *SCRIPTED).returncode == 0
    assert (folder / "link.txt").is_symlink()
    assert (folder / "answer.txt").read_text() == "A red picture.\n"
    done = process("analyze", "red.png", "-o", "/dev/stdout", *SCRIPTED)
    assert (done.returncode, done.stdout) == (0, "A red picture.\n")


def test_file_url_is_the_file(command: Command, folder: Path) -> None:
    (folder / "red.png").rename(folder / "rot é.png")
    done = command("analyze", (folder / "rot é.png").as_uri(), *SCRIPTED)
    assert (done.returncode, done.stdout) == (0, "A red picture.\n")


def test_pipe_that_is_no_file_is_not_waited_for(command: Command, folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    done = command("analyze", "pipe.png", *SCRIPTED)
    assert done.returncode == 1
    assert "Cannot read 'pipe.png': it is not a regular file." in done.stderr


def test_picture_of_this_machine_by_url_says_how_to_allow_it(command: Command) -> None:
    done = command("analyze", "http://127.0.0.1:9/red.png", *SCRIPTED)
    assert done.returncode == 1
    assert "QWEN_VISION_ALLOW_PRIVATE_NETWORK=1" in done.stderr


def test_answer_cut_at_its_limit_is_noted(command: Command) -> None:
    assert "--max-tokens" in command("analyze", "red.png", "long", *SCRIPTED).stderr


def test_empty_answer_is_noted(command: Command) -> None:
    done = command("analyze", "red.png", "nothing", *SCRIPTED)
    assert (done.returncode, done.stdout) == (0, "")
    assert "the answer is empty" in done.stderr


def test_reading_model_is_asked_for_json_in_words(command: Command) -> None:
    done = command("ocr", "red.png", "--json", *SCRIPTED)
    assert done.returncode == 0, done.stderr
    assert "9.00" in done.stdout


def test_system_words_stand_before_the_prompt(command: Command) -> None:
    words = ("--system", "Be brief.", "--seed", "3", "--temperature", "0.5")
    assert command("analyze", "red.png", *words, *SCRIPTED).stdout == "A red picture.\n"


def test_receipt_says_how_the_picture_was_seen(command: Command) -> None:
    done = command("analyze", "red.png", "--receipt", *SCRIPTED)
    assert "red.png: image, png, 320x240" in done.stderr


def test_schema_and_json_ask_for_json(command: Command, folder: Path) -> None:
    (folder / "schema.json").write_text(json.dumps({"type": "object"}))
    for option in (("--schema", "schema.json"), ("--schema", '{"type":"object"}'), ("--json",)):
        done = command("analyze", "red.png", "total", *option, *SCRIPTED)
        assert (done.returncode, "9.00" in done.stdout) == (0, True)


def test_unknown_model_leads_to_the_list_of_models(command: Command) -> None:
    done = command("analyze", "red.png", "--model", "gpt-9", *SCRIPTED)
    assert done.returncode == 1
    assert "gpt-9" in done.stderr
    assert "qwen-vision models" in done.stderr


def test_unknown_engine_names_those_there_are(command: Command) -> None:
    done = command("analyze", "red.png", "--engine", "magic")
    assert done.returncode == 1
    assert "scripted" in done.stderr


def test_remote_without_a_server_says_what_to_set(command: Command) -> None:
    done = command("analyze", "red.png", "--engine", "remote")
    assert done.returncode == 1
    assert "DASHSCOPE_API_KEY" in done.stderr


def test_coding_plan_key_is_refused_and_not_shown(command: Command) -> None:
    done = command("analyze", "red.png", env={"QWEN_API_KEY": "sk-sp-secret"})
    assert done.returncode == 1
    assert "coding plan" in done.stderr
    assert "secret" not in done.stderr


def test_pictures_may_be_the_frames_of_a_video(command: Command, folder: Path) -> None:
    names = [f"{index}.png" for index in range(4)]
    for name in names:
        Image.new("RGB", (64, 64), "blue").save(folder / name)
    done = command("analyze", *names, "--frames", "--fps", "1", *SCRIPTED)
    assert (done.returncode, done.stdout) == (0, "A red picture.\n"), done.stderr
    assert "video tokens" in done.stderr
