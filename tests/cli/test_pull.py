"""`qwen-vision pull` from a hub with the real one's addresses, and one that misbehaves."""

import fcntl
import hashlib
import json
import random
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typing_extensions import override

Command = Callable[..., subprocess.CompletedProcess[str]]
REPOSITORY = "Qwen/Qwen3-VL-2B-Instruct-GGUF"
LIST = f"/api/models/{REPOSITORY}/tree/main"
MODEL = "Qwen3VL-2B-Instruct-Q4_K_M.gguf"
PROJECTOR = "mmproj-Qwen3VL-2B-Instruct-F16.gguf"


@dataclass
class Hub:
    """What the hub holds and how it behaves; `asked` keeps path and Range of every request."""

    files: dict[str, bytes]
    listed: list[dict[str, object]] = field(default_factory=list)
    break_after: list[int] = field(default_factory=list)
    takes_ranges: bool = True
    redirect_to: str = ""
    status: int = 200
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""


def entry(path: str, data: bytes, *, sha256: str = "") -> dict[str, object]:
    """A line of the repository's list, as the hub writes it."""
    oid = sha256 or hashlib.sha256(data).hexdigest()
    large = {"oid": oid, "size": len(data), "pointerSize": 135}
    return {"type": "file", "oid": "0" * 40, "size": len(data), "path": path, "lfs": large}


class Handler(BaseHTTPRequestHandler):
    """Answers as its hub is told to."""

    hub: Hub

    @override
    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        wanted = self.headers.get("Range")
        self.hub.asked.append((path, wanted))
        if self.hub.status != 200:
            self.send_error(self.hub.status)
        elif path == LIST:
            self._answer(json.dumps(self.hub.listed).encode())
        elif "/resolve/" in path and self.hub.redirect_to:
            self.send_response(302)
            self.send_header("Location", self.hub.redirect_to + "/cdn/" + path.rpartition("/")[2])
            self.end_headers()
        elif path.rpartition("/")[2] in self.hub.files:
            self._send_file(self.hub.files[path.rpartition("/")[2]], wanted)
        else:
            self.send_error(404)

    def _send_file(self, data: bytes, wanted: str | None) -> None:
        begin = 0
        if wanted and self.hub.takes_ranges:
            begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        end = len(data)
        if self.hub.break_after:
            end = begin + self.hub.break_after.pop(0)
        self.wfile.write(data[begin:end])
        if end < len(data):
            self.close_connection = True

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub on a free port that has one model in two quantisations."""
    bytes_of = random.Random(1).randbytes  # noqa: S311 - only contents
    files = {
        MODEL: bytes_of(3_000_000),
        MODEL.replace("Q4_K_M", "Q8_0"): bytes_of(10_000),
        PROJECTOR: bytes_of(20_000),
        PROJECTOR.replace("F16", "Q8_0"): bytes_of(10_000),
    }
    found = Hub(files, listed=[entry(name, data) for name, data in files.items()])
    found.listed.append({"type": "file", "oid": "1" * 40, "size": 10, "path": "README.md"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answering", (Handler,), {"hub": found}))
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass(frozen=True)
class Pull:
    """Runs the command against a hub; `folder` is where the weights go."""

    command: Command
    hub: Hub
    folder: Path

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        env = {
            "QWEN_VISION_HUB_URL": self.hub.url,
            "QWEN_VISION_WEIGHTS_FOLDER": str(self.folder.parent),
        }
        return self.command("pull", *(words or ("qwen3-vl-2b",)), env=env)

    def found(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}


@pytest.fixture
def pull(command: Command, hub: Hub, tmp_path: Path) -> Pull:
    return Pull(command, hub, tmp_path / "weights" / "qwen3-vl-2b")


def test_model_and_projector_come_whole_and_say_how_to_run_them(pull: Pull, hub: Hub) -> None:
    done = pull()
    assert done.returncode == 0, done.stderr
    assert pull.found() == {name: hub.files[name] for name in (MODEL, PROJECTOR)}
    assert "qwen-vision serve --model qwen3-vl-2b" in done.stderr


def test_another_quantisation_is_fetched_beside_the_first(pull: Pull, hub: Hub) -> None:
    pull()
    assert pull("qwen3-vl-2b", "--quant", "q8_0").returncode == 0
    assert set(pull.found()) == {MODEL, MODEL.replace("Q4_K_M", "Q8_0"), PROJECTOR}


def test_what_is_there_already_is_not_fetched_again(pull: Pull, hub: Hub) -> None:
    pull()
    hub.asked.clear()
    done = pull()
    assert [path for path, _ in hub.asked] == [LIST]
    assert f"{MODEL} is here already." in done.stderr


def test_a_broken_download_goes_on_where_it_stopped(pull: Pull, hub: Hub) -> None:
    hub.break_after = [1_000_000, 500_000]
    assert pull().returncode == 0
    assert pull.found()[MODEL] == hub.files[MODEL]
    ranges = [wanted for path, wanted in hub.asked if path.endswith(MODEL)]
    assert ranges == [None, "bytes=1000000-", "bytes=1500000-"]


def test_the_next_run_goes_on_with_what_the_last_one_left(pull: Pull, hub: Hub) -> None:
    pull.folder.mkdir(parents=True)
    (pull.folder / f"{MODEL}.part").write_bytes(hub.files[MODEL][:123_456])
    assert pull().returncode == 0
    assert pull.found()[MODEL] == hub.files[MODEL]
    assert (f"/{REPOSITORY}/resolve/main/{MODEL}", "bytes=123456-") in hub.asked


def test_a_hub_without_ranges_sends_the_file_again(pull: Pull, hub: Hub) -> None:
    hub.takes_ranges = False
    pull.folder.mkdir(parents=True)
    (pull.folder / f"{MODEL}.part").write_bytes(b"x" * 1000)
    assert pull().returncode == 0
    assert pull.found()[MODEL] == hub.files[MODEL]


def test_a_wrong_checksum_is_an_error_and_leaves_no_file(pull: Pull, hub: Hub) -> None:
    good = hub.files[MODEL]
    hub.files[MODEL] = b"?" + good[1:]
    done = pull()
    assert done.returncode == 1
    assert "arrived damaged" in done.stderr
    assert MODEL not in pull.found()
    hub.files[MODEL] = good
    assert pull().returncode == 0


def test_more_bytes_than_announced_are_not_kept(pull: Pull, hub: Hub) -> None:
    hub.files[MODEL] += b"more"
    done = pull()
    assert (done.returncode, "sent more than" in done.stderr) == (1, True)
    assert MODEL not in pull.found()


def test_a_redirect_to_where_the_files_lie_is_followed(pull: Pull, hub: Hub) -> None:
    hub.redirect_to = hub.url
    hub.break_after = [100_000]
    assert pull().returncode == 0
    assert pull.found()[MODEL] == hub.files[MODEL]


def test_names_that_lead_out_of_the_folder_are_left_alone(pull: Pull, hub: Hub) -> None:
    hub.listed = [
        entry("../../evil-Q4_K_M.gguf", b"x"),
        entry("/evil-Q4_K_M.gguf", b"x"),
        entry("sub/evil-Q4_K_M.gguf", b"x"),
        entry("evil-Q4_K_M.gguf", b"x", sha256="short"),
    ]
    done = pull()
    assert (done.returncode, "no GGUF file" in done.stderr) == (1, True)


def test_a_quantisation_the_hub_does_not_have_lists_those_it_has(pull: Pull) -> None:
    done = pull("qwen3-vl-2b", "--quant", "Q9")
    assert done.returncode == 1
    assert "has no quantisation 'Q9'" in done.stderr
    assert MODEL in done.stderr


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_hub_that_refuses_is_one_line(pull: Pull, hub: Hub, status: int) -> None:
    hub.status = status
    done = pull()
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_hub_nobody_answers_at_names_the_variable(command: Command, tmp_path: Path) -> None:
    env = {"QWEN_VISION_HUB_URL": "http://127.0.0.1:1", "HOME": str(tmp_path)}
    done = command("pull", "qwen3-vl-2b", env=env)
    assert done.returncode == 1
    assert "QWEN_VISION_HUB_URL" in done.stderr


def test_an_unknown_name_lists_the_known_ones(command: Command) -> None:
    done = command("pull", "qwen9")
    assert (done.returncode, "qwen3-vl-2b" in done.stderr) == (2, True)
    listed = command("pull")
    assert listed.returncode == 0
    assert f"{REPOSITORY}\n" in listed.stdout


def test_a_hub_address_that_is_none_is_an_error_of_the_settings(command: Command) -> None:
    done = command("pull", "qwen3-vl-2b", env={"QWEN_VISION_HUB_URL": "ftp://x"})
    assert "use an address like" in done.stderr


def test_a_hub_that_sends_no_list_is_an_error(pull: Pull, hub: Hub) -> None:
    hub.listed = [{"name": "no path"}]
    done = pull()
    assert (done.returncode, "sent no list of files" in done.stderr) == (1, True)


def test_two_pulls_of_one_file_do_not_write_over_each_other(pull: Pull) -> None:
    pull.folder.mkdir(parents=True)
    with (pull.folder / f"{MODEL}.part").open("ab") as taken:
        fcntl.flock(taken, fcntl.LOCK_EX)
        done = pull()
    assert (done.returncode, "Another 'qwen-vision pull'" in done.stderr) == (1, True)
    assert pull().returncode == 0


def test_an_old_part_that_is_too_long_is_dropped(pull: Pull, hub: Hub) -> None:
    pull.folder.mkdir(parents=True)
    (pull.folder / f"{PROJECTOR}.part").write_bytes(b"x" * 50_000)
    assert pull().returncode == 0
    assert pull.found()[PROJECTOR] == hub.files[PROJECTOR]


def test_without_a_home_the_folder_must_be_named(command: Command) -> None:
    done = command("pull", "qwen3-vl-2b")
    assert (done.returncode, "QWEN_VISION_WEIGHTS_FOLDER" in done.stderr) == (1, True)
