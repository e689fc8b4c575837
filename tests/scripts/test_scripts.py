"""The guide's scripts, as processes: a JSON request in, a JSON result out."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from qwen_vision.cli.call import Call
from qwen_vision.engines.scripted.script import Step
from qwen_vision.settings import ServerSettings, StorageSettings

SCRIPTS = Path(__file__).parents[2] / "scripts"
Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]
JSON_ANSWER = '```json\n{"total": "9.00"}\n```'


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    """A server that thinks and answers with JSON, whatever it is asked."""
    return serve(Step(think="Hm. "), Step(text=JSON_ANSWER))


@pytest.fixture
def run(tmp_path: Path, address: str) -> Run:
    """`run("analyze", "--request", ...)` in a folder with red.png, against the server."""
    Image.new("RGB", (64, 48), "red").save(tmp_path / "red.png")

    def start(name: str, *words: str, remote: bool = True, **env: str) -> Done:
        ours = os.environ  # noqa: TID251 - a process needs the environment of its parent
        kept = {key: value for key, value in ours.items() if "QWEN" not in key}
        kept.pop("DASHSCOPE_API_KEY", None)
        where = {"QWEN_BASE_URL": f"{address}/v1"} if remote else {}
        return subprocess.run(  # noqa: S603 - our own scripts
            [sys.executable, str(SCRIPTS / f"{name}.py"), *words],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**kept, **where, **env},
            timeout=60,
            check=False,
        )

    return start


def request(**fields: object) -> tuple[str, str]:
    return "--request", json.dumps(fields)


def test_analyze_prints_text_model_and_usage(run: Run) -> None:
    done = run("analyze", *request(prompt="Read it", image="red.png"), "--print-response")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert list(result) == ["text", "model", "usage", "reasoning"]
    assert (result["text"], result["model"]) == (JSON_ANSWER, "qwen3.6-plus")
    assert result["usage"]["prompt_tokens_details"]["image_tokens"] > 0


def test_schema_gives_the_value_and_turns_thinking_off(run: Run) -> None:
    schema = {"type": "object", "properties": {"total": {"type": "string"}}}
    done = run(
        "analyze",
        *request(prompt="Extract invoice information", image="red.png"),
        "--schema",
        json.dumps(schema),
        "--print-response",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["json"] == {"total": "9.00"}


def test_request_and_schema_may_be_files_and_the_result_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('{"prompt": "Read", "images": ["red.png", "red.png"]}')
    (tmp_path / "schema.json").write_text('{"type": "object"}')
    done = run("analyze", "--file", "in.json", "--schema", "schema.json", "--output", "out.json")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert json.loads((tmp_path / "out.json").read_text())["json"] == {"total": "9.00"}


def test_reason_streams_thinking_to_stderr(run: Run) -> None:
    done = run("reason", *request(prompt="Why?", image="red.png"), "--print-response")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["reasoning"], result["model"]) == ("Hm. ", "qvq-max")
    assert "Hm. \n```json" in done.stderr


def test_ocr_needs_no_prompt(run: Run) -> None:
    done = run("ocr", *request(image="red.png", min_pixels=3072), "--print-response")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"] == "qwen-vl-ocr"


def test_ocr_in_json_mode_asks_in_words_and_reads_the_value(run: Run) -> None:
    done = run("ocr", *request(image="red.png"), "--json-mode")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["json"] == {"total": "9.00"}


def test_json_mode_says_json_and_reads_it(run: Run) -> None:
    done = run("analyze", *request(prompt="Total?", image="red.png"), "--json-mode", "--stream")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["json"] == {"total": "9.00"}


def test_messages_of_the_dialect_are_taken_as_they_are(run: Run) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    done = run("analyze", *request(messages=messages, model="qwen3-vl-plus", top_p=0.5))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"] == "qwen3-vl-plus"


def test_question_may_follow_messages_and_name_several_media(run: Run, tmp_path: Path) -> None:
    red = Image.new("RGB", (64, 48), "red")
    frames = []
    for index in range(4):
        red.save(tmp_path / f"{index}.png")
        frames.append(f"{index}.png")
    history = [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": "Hello."},
    ]
    done = run(
        "analyze",
        *request(messages=history, image=["red.png"], video_frames=frames, fps=1, max_pixels=90000),
        "--json-mode",
    )
    assert done.returncode == 0, done.stderr
    details = json.loads(done.stdout)["usage"]["prompt_tokens_details"]
    assert details["image_tokens"] > 0
    assert details["video_tokens"] > 0


def test_instruction_for_json_joins_messages_given_whole(run: Run) -> None:
    for content in ("Total?", [{"type": "text", "text": "Total?"}]):
        messages = [{"role": "user", "content": content}]
        done = run("analyze", *request(messages=messages, json_mode=True))
        assert (done.returncode, "json" in json.loads(done.stdout)) == (0, True), done.stderr


def test_local_engine_needs_no_server_and_no_upload(run: Run, tmp_path: Path) -> None:
    words = (*request(image="~/red.png"), "--upload-files")
    done = run("ocr", *words, remote=False, HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "nothing needs uploading" in done.stderr
    assert "[embedded-" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        ((), 2, "--request"),
        (("--request", "{}", "--file", "x.json"), 2, "--request"),
        (("--request", "{"), 2, "JSON"),
        (("--request", "[]"), 2, "JSON"),
        (("--request", "{}"), 2, "prompt"),
        (("--request", '{"image": 3}'), 2, "image"),
        (("--file", "nowhere.json"), 1, "nowhere.json"),
        (("--file", "red.png"), 1, "not UTF-8"),
        (("--request", '{"image": "nowhere.png"}'), 1, "nowhere.png"),
        (("--request", '{"image": "red.png", "max_tokens": "many"}'), 1, "max_tokens"),
        (("--request", '{"image": "red.png", "model": "gpt-9"}'), 1, "gpt-9"),
    ],
)
def test_bad_request_is_one_clear_line(
    run: Run, *, words: tuple[str, ...], code: int, hint: str
) -> None:
    done = run("analyze", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("qwen-vision: error: ")
    assert done.stderr.count("\n") == 1
    assert hint in done.stderr


@pytest.fixture
def storing(serve: Callable[..., str], tmp_path: Path) -> str:
    """A server that keeps uploads."""
    settings = ServerSettings(port=0, storage=StorageSettings(folder=tmp_path / "kept"))
    return serve(Step(text="Seen."), settings=settings) + "/v1"


def kept_bytes(folder: Path) -> list[int]:
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    return [size for size in sizes if size > 7_340_000]


def test_upload_files_sends_a_file_to_the_servers_storage_first(
    run: Run, storing: str, tmp_path: Path
) -> None:
    words = (*request(image="red.png", model="qwen3-vl-plus"), "--upload-files")
    done = run("analyze", *words, QWEN_BASE_URL=storing, XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["text"] == "Seen."
    assert len(json.loads((tmp_path / "qwen-vision" / "uploads.json").read_bytes())) == 1


def test_region_none_uses_the_address_unchanged_for_uploads_too(
    run: Run, storing: str, tmp_path: Path
) -> None:
    base = storing.removesuffix("/v1") + "/compatible-mode/v1"
    words = (*request(image="red.png", model="qwen3-vl-plus"), "--upload-files")
    cache = str(tmp_path / "cache")
    done = run("analyze", *words, QWEN_BASE_URL=base, QWEN_REGION="none", XDG_CACHE_HOME=cache)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["text"] == "Seen."


def test_scripts_ask_the_international_service_when_nothing_says_another(tmp_path: Path) -> None:
    def host(**environ: str) -> str:
        remote = Call({"QWEN_API_KEY": "sk-1", **environ}, default_region="ap-southeast-1")
        assert remote.settings.remote is not None
        return remote.settings.remote.base_url.split("/")[2]

    assert host() == "dashscope-intl.aliyuncs.com"
    assert host(QWEN_REGION="us-east-1") == "dashscope-us.aliyuncs.com"
    assert host(QWEN_BASE_URL="http://127.0.0.1:8765") == "127.0.0.1:8765"


def test_file_over_seven_megabytes_is_warned_of_and_uploaded(
    run: Run, storing: str, tmp_path: Path
) -> None:
    with (tmp_path / "big.bmp").open("wb") as out:
        Image.new("RGB", (64, 64), "red").save(out, "BMP")
        out.write(bytes(7 * 1024 * 1024))
    words = request(image="big.bmp", model="qwen3-vl-plus")
    done = run("analyze", *words, QWEN_BASE_URL=storing, XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "warning: big.bmp" in done.stderr
    assert "--upload-files" in done.stderr
    assert len(kept_bytes(tmp_path / "kept")) == 1


@pytest.mark.parametrize("name", ["analyze", "reason", "ocr"])
def test_help_shows_the_options_of_the_guide(run: Run, name: str) -> None:
    done = run(name, "--help")
    assert done.returncode == 0
    for option in ("--request", "--file", "--output", "--print-response", "--stream"):
        assert option in done.stdout
    for option in ("--upload-files", "--schema", "--json-mode"):
        assert option in done.stdout
