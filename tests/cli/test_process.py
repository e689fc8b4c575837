"""The command as a process: pipes, terminals, signals, and a server on the other side."""

import http.client
import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_vision.settings import ServerSettings

Command = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[bytes]]
Terminal = Callable[..., str]
SCRIPTED = ("--engine", "scripted:script.toml")


@pytest.fixture
def guarded(serve: Callable[..., str]) -> str:
    """A server that takes one key only."""
    return serve(settings=ServerSettings(port=0, keys=frozenset({"right"}))) + "/v1"


def test_installed_command_and_module_are_the_same(process: Command) -> None:
    installed = Path(sys.executable).with_name("qwen-vision")
    done = subprocess.run([installed, "--help"], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == process("--help").stdout


def test_pipe_gets_the_answer_and_nothing_else(process: Command) -> None:
    done = process("analyze", "red.png", *SCRIPTED)
    assert (done.returncode, done.stdout) == (0, "A red picture.\n")
    assert "\x1b" not in done.stderr


def test_terminal_shows_dimmed_reasoning_and_the_answer(terminal: Terminal) -> None:
    shown = terminal("analyze", "red.png", *SCRIPTED)
    assert "\x1b[2mRed, I think. \x1b[0m" in shown
    assert "A red picture.\r\n" in shown


def test_no_color_means_no_colour(terminal: Terminal) -> None:
    shown = terminal("analyze", "red.png", *SCRIPTED, NO_COLOR="1")
    assert "\x1b[2m" not in shown
    assert "Red, I think. " in shown


def test_terminal_is_not_commanded_by_what_stands_in_a_picture(terminal: Terminal) -> None:
    assert "\x1b]" not in terminal("analyze", "red.png", "escape", *SCRIPTED)


def test_picture_may_come_from_standard_input(process: Command, folder: Path) -> None:
    picture = (folder / "red.png").read_bytes()
    done = process("analyze", "-", "What?", *SCRIPTED, "--receipt", stdin=picture)
    assert done.returncode == 0, done.stderr
    assert "standard input: image, png, 320x240" in done.stderr
    assert process("analyze", "-", *SCRIPTED).returncode == 2


def test_interrupt_ends_quietly_with_130(start: Start) -> None:
    words = ("analyze", "red.png", "slow", "--stream", *SCRIPTED)
    with start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.read(4) == b"tick"
        run.send_signal(signal.SIGINT)
        said = run.stderr.read()
    assert run.returncode == 130
    assert said.strip() == b""


SLEEPER = """
import asyncio, signal, threading, time
from qwen_vision.engines.base import Abilities, Plugin, TextDelta

class Sleeper:
    name, fingerprint, abilities = "sleeper", "sleeper-1", Abilities(images=True)

    async def run(self, prompt):
        if ELSEWHERE:
            # Only this thread takes it then: nothing interrupts the wait of the main thread.
            threading.Thread(target=time.sleep, args=(300,), daemon=True).start()
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        yield TextDelta("tick")
        await asyncio.to_thread(time.sleep, 300)

    async def aclose(self):
        await asyncio.to_thread(time.sleep, 300)

plugin = Plugin("sleeper", "sleeps", lambda argument, settings: Sleeper(), lambda: None)
"""


@pytest.mark.parametrize("elsewhere", [False, True])
def test_interrupt_does_not_wait_for_a_thread_that_cannot_be_stopped(
    start: Start, folder: Path, *, elsewhere: bool
) -> None:
    (folder / "sleeper.py").write_text(f"ELSEWHERE = {elsewhere}\n{SLEEPER}")
    info = folder / "sleeper-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sleeper\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[qwen_vision.engines]\nsleeper = sleeper:plugin\n")
    words = ("ocr", "red.png", "--stream", "--engine", "sleeper")
    with start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.read(4) == b"tick"
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=30)
    assert (run.returncode, err.strip()) == (130, b"")


def test_reader_that_leaves_ends_it_quietly(start: Start) -> None:
    words = ("analyze", "red.png", "slow", "--stream", *SCRIPTED)
    with start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.read(4) == b"tick"
        run.stdout.close()
        said = run.stderr.read()
    assert run.returncode == 141
    assert said == b""


def test_remote_server_is_asked_when_its_address_is_set(process: Command, address: str) -> None:
    env = {"QWEN_BASE_URL": f"{address}/v1", "QWEN_API_KEY": "sk-mine"}
    done = process("analyze", "red.png", "What is this?", env=env)
    assert (done.returncode, done.stdout) == (0, "A red picture.\n"), done.stderr
    host = address.removeprefix("http://")
    assert f"[scripted-0.1 at {host} · " in done.stderr
    assert "sk-mine" not in done.stderr


def test_error_of_a_remote_server_is_one_line_with_its_status(
    process: Command, address: str
) -> None:
    env = {"QWEN_BASE_URL": f"{address}/v1"}
    done = process("analyze", "red.png", "busy", env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no such luck (HTTP 400" in done.stderr
    assert done.stderr.count("\n") == 1


def test_refused_key_leads_to_the_doctor(process: Command, guarded: str) -> None:
    env = {"QWEN_BASE_URL": guarded, "QWEN_API_KEY": "sk-wrong"}
    done = process("ocr", "red.png", env=env)
    assert done.returncode == 1
    assert "(HTTP 401" in done.stderr
    assert "qwen-vision doctor" in done.stderr
    assert "sk-wrong" not in done.stderr


def test_unknown_model_of_a_remote_server_leads_to_the_list(process: Command, address: str) -> None:
    env = {"QWEN_BASE_URL": f"{address}/v1"}
    done = process("analyze", "red.png", "--model", "gpt-9", env=env)
    assert done.returncode == 1
    assert "qwen-vision models" in done.stderr


def test_engine_local_wins_over_a_key_that_is_set(process: Command) -> None:
    env = {"QWEN_BASE_URL": "http://127.0.0.1:1/v1", "QWEN_API_KEY": "sk-mine"}
    done = process("analyze", "red.png", "What is this?", "--engine", "local", env=env)
    assert done.returncode == 0, done.stderr
    assert "[embedded-" in done.stderr


def test_large_file_for_a_remote_server_names_limit_and_way_out(
    process: Command, folder: Path
) -> None:
    (folder / "big.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(7 * 1024 * 1024))
    env = {"QWEN_BASE_URL": "http://127.0.0.1:1/v1"}
    done = process("analyze", "big.png", "--no-upload", env=env)
    assert done.returncode == 1
    assert "7 MB" in done.stderr
    assert "URL" in done.stderr


def test_serve_says_what_stands_in_the_way(process: Command, address: str) -> None:
    port = address.rpartition(":")[2]
    done = process("serve", "--port", port, "--engine", "scripted")
    assert done.returncode == 1
    assert port in done.stderr
    assert process("serve", "--port", "70000").returncode == 2
    assert process("serve", "--max-concurrent", "0").returncode == 2
    assert process("serve", "--stop-grace", "nan").returncode == 2
    assert process("serve", "--worker-timeout", "0.5").returncode == 2
    assert "use 1 to 256" in process("serve", "--workers", "100000").stderr
    assert process("serve", "--host", "0.0.0.0").returncode == 1  # noqa: S104 - it must refuse
    assert process("serve", "--allowed-folder", "nowhere").returncode == 2


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ('[models]\n"gpt-4" = "scripted"', "'gpt-4', which is no model of the dialect"),
        ("[upstream.gpu]\nurl = []", "The upstream 'gpu' has no address"),
    ],
)
def test_serve_refuses_a_configuration_that_cannot_work(
    process: Command, folder: Path, *, config: str, reason: str
) -> None:
    (folder / "qwen-vision.toml").write_text(config)
    done = process("serve", "--port", "0")
    assert done.returncode == 1
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


def test_serve_says_at_its_start_that_uploads_cannot_be_kept(start: Start, folder: Path) -> None:
    place = {"QWEN_VISION_STORAGE_FOLDER": "red.png/uploads"}
    with start("serve", "--port", "0", *SCRIPTED, stderr=subprocess.PIPE, env=place) as server:
        assert server.stderr is not None
        first, second = (server.stderr.readline().decode() for _ in range(2))
        server.terminate()
    assert f"Uploads cannot be kept in '{folder}/red.png/uploads'" in first
    assert "answers at http" in second


def test_serve_takes_its_limits_from_its_options(start: Start, folder: Path) -> None:
    options = ("--allow-private-network", "--allowed-folder", ".", "--any-model")
    numbers = ("--max-body-mb", "1", "--max-concurrent", "1", "--stop-grace", "0.1")
    words = ("serve", "--port", "0", *SCRIPTED, *options, *numbers)
    with start(*words, stderr=subprocess.PIPE) as server:
        assert server.stderr is not None
        named = server.stderr.readline().decode().partition("http://")[2].partition("/")[0]
        body = {
            "model": "any-name",
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": f"file://{folder}/red.png"},
                        {"type": "text", "text": "What?"},
                    ],
                }
            ],
        }
        assert _post(named, json.dumps(body)) == (200, "A red picture.")
        status, _ = _post(named, json.dumps(body) + " " * 1_100_000)
        assert status == 413
        server.terminate()
    assert server.returncode == 0


def _post(host: str, body: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(host, timeout=20)
    connection.request("POST", "/v1/chat/completions", body)
    answer = connection.getresponse()
    found = json.loads(answer.read())
    connection.close()
    if answer.status != 200:
        return answer.status, ""
    return answer.status, found["choices"][0]["message"]["content"]


def test_serve_without_its_packages_names_the_pip_command(folder: Path) -> None:
    code = (
        "import sys; sys.modules['uvicorn'] = None; "
        "from qwen_vision.cli.main import main; sys.exit(main(['serve'], {}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 1
    assert "pip install 'qwen-vision[server]'" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_stream_that_was_closed_stands_in_nobodys_way(folder: Path, *, closed: str) -> None:
    command = f"{shlex.quote(sys.executable)} -m qwen_vision analyze red.png"
    done = subprocess.run(  # noqa: S603 - our own command; a shell closes streams
        ["/bin/sh", "-c", f"{command} {' '.join(SCRIPTED)} {closed}"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == (b"" if ">&-" in closed.split() else b"A red picture.\n")
    assert b"Traceback" not in done.stderr


def test_full_disk_behind_stdout_is_no_fault_of_the_program(start: Start, folder: Path) -> None:
    with (
        Path("/dev/full").open("wb") as full,
        start("models", stdout=full, stderr=subprocess.PIPE) as running,
    ):
        _, said = running.communicate()
    assert running.returncode == 1
    assert said == b"qwen-vision: error: the output cannot be written: No space left on device.\n"
