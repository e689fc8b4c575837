"""A bucket of one's own for uploads: what the variables mean, and a real S3 server."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from qwen_vision.cli.main import main
from qwen_vision.client import Client, RetryRule
from qwen_vision.client.own_bucket import open_own_bucket, read_own_bucket
from qwen_vision.errors import ConnectionFailedError, FileMissingError, SettingsError
from qwen_vision.settings import MEBIBYTE

KEYS = {"QWEN_TMP_OSS_AK_ID": "id", "QWEN_TMP_OSS_AK_SECRET": "secret"}


def _ask(port: int, method: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except ConnectionRefusedError:
        return 0, b""
    finally:
        connection.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of an S3 server in a process of its own, with a bucket."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(number)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "HOME": "/nonexistent"},
    ) as process:
        while _ask(number, "PUT", "/mine")[0] != 200:
            assert process.poll() is None
            time.sleep(0.05)
        yield number
        process.kill()


def test_defaults_are_those_of_the_guide() -> None:
    bucket = read_own_bucket({**KEYS, "QWEN_TMP_OSS_BUCKET": "b"})
    assert (bucket.prefix, bucket.virtual_host) == ("qwencloud-skill-uploads", True)
    assert bucket.endpoint == "https://b.s3.oss-cn-hangzhou.aliyuncs.com"
    assert open_own_bucket({}) is None


def test_region_endpoint_and_prefix_may_be_said() -> None:
    said = {**KEYS, "QWEN_TMP_OSS_BUCKET": "b", "QWEN_TMP_OSS_PREFIX": "a/b/"}
    here = read_own_bucket({**said, "QWEN_TMP_OSS_REGION": "oss-cn-beijing"})
    assert (here.prefix, here.region) == ("a/b", "cn-beijing")
    there = read_own_bucket({**said, "QWEN_TMP_OSS_ENDPOINT": "oss-cn-shanghai.aliyuncs.com"})
    assert there.endpoint == "https://b.oss-cn-shanghai.aliyuncs.com"
    assert "secret" not in repr(there)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"QWEN_TMP_OSS_AK_ID": "id"}, "AK_SECRET"),
        ({**KEYS, "QWEN_TMP_OSS_URL_EXPIRES": "soon"}, "URL_EXPIRES"),
    ],
)
def test_half_a_bucket_is_refused(environ: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        open_own_bucket({"QWEN_TMP_OSS_BUCKET": "b", **environ})


@pytest.fixture
def there(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables that lead to the bucket, and a picture in the working folder."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (320, 240), "red").save("red.png")
    return {
        **KEYS,
        "QWEN_TMP_OSS_BUCKET": "mine",
        "QWEN_TMP_OSS_ENDPOINT": f"http://127.0.0.1:{port}",
        "QWEN_BASE_URL": "http://127.0.0.1:1",
        "XDG_CACHE_HOME": str(tmp_path),
    }


def test_command_uploads_to_the_bucket_and_prints_a_signed_url(
    there: dict[str, str], port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["upload", "red.png"], there) == 0
    url = capsys.readouterr().out.strip()
    assert "X-Amz-Signature" in url
    assert "/qwencloud-skill-uploads/" in url
    status, body = _ask(port, "GET", url.partition(f":{port}")[2])
    assert (status, body[:4]) == (200, b"\x89PNG")
    assert main(["upload", "red.png"], there) == 0
    assert capsys.readouterr().out.strip() == url
    Image.new("RGB", (32, 32)).save("other.png")
    assert main(["upload", "other.png"], {**there, "QWEN_TMP_OSS_BUCKET": "not-there"}) == 1
    assert "secret" not in capsys.readouterr().err


@pytest.mark.parametrize("in_file", [False, True])
def test_client_of_the_environment_uploads_to_the_bucket_and_tells_how_far_it_is(
    there: dict[str, str], port: int, monkeypatch: pytest.MonkeyPatch, *, in_file: bool
) -> None:
    if in_file:
        Path(".env").write_text("".join(f"{key}={value}\n" for key, value in there.items()))
    else:
        for name, value in there.items():
            monkeypatch.setenv(name, value)
    size_bytes = 23 * MEBIBYTE
    film = Path("film.mkv")
    film.write_bytes(b"\x1aE\xdf\xa3" + os.urandom(size_bytes - 4))
    seen: list[int] = []
    with Client.from_env(progress=lambda _, sent, __: seen.append(sent)) as client:
        url = client.upload(film)
    assert seen == sorted(seen)
    assert seen[-1] == size_bytes
    assert len(set(seen)) > 2
    status, body = _ask(port, "GET", url.partition(f":{port}")[2])
    assert (status, body == film.read_bytes()) == (200, True)


def test_place_given_to_the_client_wins_over_the_bucket_of_the_environment(
    there: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in there.items():
        monkeypatch.setenv(name, value)
    with (
        Client.from_env(shelf=None, retry=RetryRule(retries=0)) as client,
        pytest.raises(ConnectionFailedError),
    ):
        client.upload("red.png")


def test_file_that_shrinks_on_its_way_to_the_bucket_is_named(
    there: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in there.items():
        monkeypatch.setenv(name, value)
    film = Path("film.mkv")
    film.write_bytes(bytes(20 * MEBIBYTE))

    def cut(*_: object) -> None:
        os.truncate(film, 6 * MEBIBYTE)

    with (
        Client.from_env(progress=cut) as client,
        pytest.raises(FileMissingError, match=r"film\.mkv"),
    ):
        client.upload(film)
