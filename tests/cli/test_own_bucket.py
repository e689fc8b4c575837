"""A bucket of one's own for uploads: what the variables mean, and a real S3 server."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from qwen_vision.cli.own_bucket import open_own_bucket, read_own_bucket
from qwen_vision.errors import SettingsError

Command = Callable[..., subprocess.CompletedProcess[str]]
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


def test_upload_goes_to_the_bucket_and_the_url_is_signed(
    command: Command, port: int, tmp_path: os.PathLike[str]
) -> None:
    env = {
        **KEYS,
        "QWEN_TMP_OSS_BUCKET": "mine",
        "QWEN_TMP_OSS_ENDPOINT": f"http://127.0.0.1:{port}",
        "QWEN_BASE_URL": "http://127.0.0.1:1",
        "XDG_CACHE_HOME": str(tmp_path),
    }
    done = command("upload", "red.png", env=env)
    assert done.returncode == 0, done.stderr
    url = done.stdout.strip()
    assert "X-Amz-Signature" in url
    assert "/qwencloud-skill-uploads/" in url
    status, body = _ask(port, "GET", url.partition(f":{port}")[2])
    assert (status, body[:4]) == (200, b"\x89PNG")
    again = command("upload", "red.png", env=env)
    assert again.stdout == done.stdout
    gone = command("upload", "script.toml", env={**env, "QWEN_TMP_OSS_BUCKET": "not-there"})
    assert gone.returncode == 1
    assert "secret" not in gone.stderr
