"""Temporary uploads over HTTP: the policy, the signed form, and what they refuse."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_vision.settings import ServerSettings, StorageSettings
from tests.server.site import BOUNDARY, FORM_TYPE, MODEL, Site, Spawn, fields_of, form

KEYS = frozenset({"sk-uploading-key"})
Start = Callable[[StorageSettings], Site]


@pytest.fixture(scope="module")
def start(serve: Callable[..., str]) -> Start:
    """Starts a server with a store."""

    def begin(storage: StorageSettings, *, keys: frozenset[str] = KEYS) -> Site:
        settings = ServerSettings(port=0, keys=keys, storage=storage)
        return Site(serve(settings=settings), storage.folder)

    return begin


@pytest.fixture(scope="module")
def site(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("uploads")
    return start(StorageSettings(folder=folder, max_file_bytes=3_000_000))


@pytest.mark.parametrize("prefix", ["/api/v1", "/compatible-mode/v1"])
def test_a_policy_comes_in_the_services_envelope(site: Site, prefix: str) -> None:
    answer = site.get(f"{prefix}/uploads?action=getPolicy&model={MODEL}")
    assert answer.status == 200
    assert answer.json["request_id"] == answer.headers["x-request-id"]
    assert list(answer.json["data"]) == [
        "policy",
        "signature",
        "upload_dir",
        "upload_host",
        "expire_in_seconds",
        "max_file_size_mb",
        "capacity_limit_mb",
        "oss_access_key_id",
        "x_oss_object_acl",
        "x_oss_forbid_overwrite",
    ]
    assert answer.json["data"]["upload_host"] == site.url + "/api/v1/uploads/objects"


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("action=getPolicy", (400, "BadRequest.EmptyModel")),
        ("action=getPolicy&model=no-such-model", (404, "ModelNotFound")),
        ("action=listAll&model=qwen3-vl-plus", (400, "InvalidParameter")),
        ("", (400, "InvalidParameter")),
    ],
)
def test_a_bad_policy_request_gets_a_native_error(
    site: Site, query: str, refusal: tuple[int, str]
) -> None:
    answer = site.get(f"/api/v1/uploads?{query}")
    assert (answer.status, answer.json["code"]) == refusal
    assert list(answer.json) == ["code", "message", "request_id"]


def test_a_policy_needs_a_key(site: Site) -> None:
    answer = site.call("GET", f"/api/v1/uploads?action=getPolicy&model={MODEL}")
    assert (answer.status, answer.json["code"]) == (401, "InvalidApiKey")


def test_an_upload_is_answered_200_when_asked(site: Site) -> None:
    data = b"\x89PNG\r\n--" * 1000
    answer = site.send(form(fields_of(site.ticket()), data))
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")
    assert data in [path.read_bytes() for path in site.files()]


def test_an_upload_is_answered_204_otherwise(site: Site) -> None:
    answer = site.send(form(fields_of(site.ticket(), success_action_status=""), b"x"))
    assert (answer.status, answer.body) == (204, b"")
    assert "content-length" not in answer.headers


def test_the_same_file_may_come_again_and_another_may_not(site: Site) -> None:
    fields = fields_of(site.ticket())
    assert site.send(form(fields, b"same")).status == 200
    assert site.send(form(fields, b"same")).status == 200
    assert site.send(form(fields, b"other")).refusal == (409, "FileAlreadyExists")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"Signature": "AAAA"}, (403, "SignatureDoesNotMatch")),
        ({"policy": "eyJmb3JnZWQiOiB0cnVlfQ=="}, (403, "SignatureDoesNotMatch")),
        ({"OSSAccessKeyId": "LTAIunknown"}, (403, "InvalidAccessKeyId")),
        ({"x-oss-object-acl": "public-read"}, (403, "AccessDenied")),
        ({"key": "../../etc/passwd"}, (403, "AccessDenied")),
        ({"key": ""}, (400, "InvalidArgument")),
        ({"policy": ""}, (400, "InvalidArgument")),
    ],
)
def test_a_form_that_was_not_signed_so_is_refused_in_xml(
    site: Site, change: dict[str, str], refusal: tuple[int, str]
) -> None:
    answer = site.send(form(fields_of(site.ticket(), **change), b"x"))
    assert answer.refusal == refusal
    assert answer.headers["content-type"] == "application/xml"


@pytest.mark.parametrize("name", ["../../../secret", "a/../../b", "..", "%2e%2e/x\\y"])
def test_a_key_that_climbs_out_of_its_folder_is_refused(site: Site, name: str) -> None:
    answer = site.send(form(fields_of(site.ticket(), name), b"x"))
    assert answer.refusal == (400, "InvalidObjectName")


def test_the_file_name_of_the_part_is_never_a_path(site: Site, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    for name in (str(evil), os.path.relpath(evil, site.folder / "incoming")):
        body = form(fields_of(site.ticket()), b"named badly", filename=name)
        assert site.send(body).status == 200
    assert not evil.exists()


def test_an_expired_policy_is_refused_with_the_services_words(start: Start, tmp_path: Path) -> None:
    site = start(StorageSettings(folder=tmp_path, policy_life_s=0, policy_grace_s=-1))
    answer = site.send(form(fields_of(site.ticket()), b"x"))
    assert answer.refusal == (403, "AccessDenied")
    assert b"<Message>Invalid according to Policy: Policy expired.</Message>" in answer.body


def test_a_file_over_the_limit_is_refused(site: Site) -> None:
    before = len(site.files())
    assert site.send(form(fields_of(site.ticket()), b"x" * 3_000_000)).status == 200
    answer = site.send(form(fields_of(site.ticket()), b"x" * 3_000_001))
    assert answer.refusal == (400, "EntityTooLarge")
    assert len(site.files()) == before + 1


def test_a_file_over_the_limit_is_refused_without_a_length_too(site: Site) -> None:
    before = site.files()
    body = form(fields_of(site.ticket()), b"x" * 4_000_000)
    with site.connect("Transfer-Encoding: chunked") as connection:
        for start in range(0, len(body), 100_000):
            piece = body[start : start + 100_000]
            connection.sendall(b"%x\r\n" % len(piece) + piece + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"<Code>EntityTooLarge</Code>" in answer
    assert site.files() == before


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"x"),
        (FORM_TYPE, b"no form at all"),
        (f"multipart/form-data; boundary={'x' * 5000}", b""),
    ],
)
def test_a_body_that_is_no_form_is_refused(site: Site, content_type: str, body: bytes) -> None:
    answer = site.send(body, content_type=content_type)
    assert answer.refusal == (400, "MalformedPOSTRequest")


def test_a_form_without_a_file_is_refused(site: Site) -> None:
    before = site.files()
    assert site.send(form(fields_of(site.ticket()), None)).refusal == (400, "InvalidArgument")
    assert site.send(b"").refusal == (400, "InvalidArgument")
    assert site.files() == before


def test_a_form_without_its_end_leaves_nothing(site: Site) -> None:
    before = site.files()
    cut = form(fields_of(site.ticket()), b"x" * 1000).removesuffix(f"--{BOUNDARY}--\r\n".encode())
    assert site.send(cut).refusal == (400, "MalformedPOSTRequest")
    assert site.files() == before


def test_fields_that_never_end_are_refused(site: Site) -> None:
    fields = fields_of(site.ticket(), padding="x" * 100_000)
    assert site.send(form(fields, b"x")).refusal == (400, "MalformedPOSTRequest")


def test_a_connection_cut_in_the_middle_leaves_nothing(site: Site) -> None:
    before = len(site.files())
    body = form(fields_of(site.ticket()), b"x" * 2_500_000)
    with site.connect(f"Content-Length: {len(body)}") as connection:
        connection.sendall(body[:1_500_000])
        site.wait_for_files(before + 1)
    site.wait_for_files(before)
    assert site.send(body).status == 200


def test_an_upload_that_comes_too_slowly_is_given_up(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    settings = ServerSettings(port=0, storage=StorageSettings(folder=tmp_path), body_timeout_s=0.5)
    site = Site(serve(settings=settings), tmp_path)
    body = form(fields_of(site.ticket()), b"x" * 100_000)
    with site.connect(f"Content-Length: {len(body)}") as connection:
        connection.sendall(body[:2000])
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"<Code>RequestTimeout</Code>" in answer
    assert site.files() == []


def test_behind_a_proxy_the_public_address_is_told(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    settings = ServerSettings(
        port=0, storage=StorageSettings(folder=tmp_path), public_url="https://vision.example"
    )
    ticket = Site(serve(settings=settings), tmp_path).ticket()
    assert ticket["upload_host"] == "https://vision.example/api/v1/uploads/objects"


def test_a_full_store_refuses_with_507(start: Start, tmp_path: Path) -> None:
    site = start(StorageSettings(folder=tmp_path, quota_bytes=1000))
    answer = site.send(form(fields_of(site.ticket()), b"x" * 2000))
    assert answer.refusal == (507, "InsufficientStorage")
    assert site.files() == []
    assert site.send(form(fields_of(site.ticket()), b"x" * 1000)).status == 200


def test_a_server_without_a_folder_says_so(serve: Callable[..., str], tmp_path: Path) -> None:
    answer = Site(serve(), tmp_path).get(f"/api/v1/uploads?action=getPolicy&model={MODEL}")
    assert answer.status == 503
    assert "QWEN_VISION_STORAGE_FOLDER" in answer.json["message"]


def test_a_web_page_elsewhere_cannot_upload_to_a_server_without_keys(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    settings = ServerSettings(port=0, storage=StorageSettings(folder=tmp_path))
    site = Site(serve(settings=settings), tmp_path)
    headers = {"Origin": "https://elsewhere.example", "Content-Type": FORM_TYPE}
    answer = site.call("POST", "/api/v1/uploads/objects", body=b"x", headers=headers)
    assert answer.refusal[0] == 403


def test_a_server_killed_in_the_middle_of_an_upload_leaves_nothing_half(
    spawn: Spawn, tmp_path: Path
) -> None:
    process, site = spawn(tmp_path)
    ticket = site.ticket()
    assert site.send(form(fields_of(ticket, "whole.png"), b"whole")).status == 200
    body = form(fields_of(ticket, "half.png"), b"x" * 2_500_000)
    with site.connect(f"Content-Length: {len(body)}") as connection:
        connection.sendall(body[:2_000_000])
        site.wait_for_files(2)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(site.files()) == 2
    _, again = spawn(tmp_path)
    again.wait_for_files(1)
    assert [path.read_bytes() for path in again.files()] == [b"whole"]
    assert again.send(body).status == 200, "the policy outlives the server that signed it"
