"""What a server refuses arrives as the class that its own side raised."""

import re

import pytest

from qwen_vision import errors
from qwen_vision.client.refusal import read_refusal, read_storage_refusal
from qwen_vision.errors import QwenVisionError, RemoteError, StorageError
from qwen_vision.protocol.failure import failure_body
from qwen_vision.protocol.native_failure import native_failure_body

# These have no words of their own on the wire, or never come from a server.
_NO_WORDS_OF_THEIR_OWN = {
    errors.FieldTypeError: errors.InvalidRequestError,
    errors.ImageFormatError: errors.MediaError,
    errors.MediaFormatError: errors.InspectionError,
    errors.QwenVisionError: RemoteError,
    errors.ScriptError: errors.InvalidRequestError,
    errors.SettingsError: errors.InvalidRequestError,
    errors.UsageError: errors.InvalidRequestError,
}
_KINDS = [
    kind
    for kind in (getattr(errors, name) for name in errors.__all__)
    if isinstance(kind, type)
    and issubclass(kind, QwenVisionError)
    and not issubclass(kind, RemoteError | StorageError | errors.BrokenStreamError)
]


@pytest.mark.parametrize("kind", _KINDS, ids=lambda kind: kind.__name__)
def test_every_error_comes_back_as_itself(kind: type[QwenVisionError]) -> None:
    facts = dict.fromkeys(re.findall(r"\{(\w+)\}", kind.text), "7")
    error = kind(**facts)  # type: ignore[arg-type]
    found = read_refusal(
        failure_body(error, request_id="r-1"), status=error.status, retry_after_s=3
    )
    assert type(found) is _NO_WORDS_OF_THEIR_OWN.get(kind, kind)
    assert (found.message, found.status, found.code) == (error.message, error.status, error.code)
    assert (found.request_id, found.retry_after_s) == ("r-1", 3)
    native = read_refusal(native_failure_body(error, request_id="r-1"), status=error.status)
    assert (native.status, native.request_id) == (error.status, "r-1")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RemoteError),
        (401, errors.IncorrectKeyError),
        (418, RemoteError),
        (429, errors.RateLimitError),
        (502, RemoteError),
        (503, errors.CapacityError),
    ],
)
def test_page_of_a_proxy_is_told_by_its_status(status: int, kind: type[QwenVisionError]) -> None:
    found = read_refusal(b"<html>Nothing for you</html>", status=status)
    assert type(found) is kind
    assert "Nothing for you" in found.message


def test_code_the_client_does_not_know_stays_as_it_is() -> None:
    body = b'{"error":{"message":"no","code":"Brand.New"},"request_id":"r"}'
    found = read_refusal(body, status=451)
    assert type(found) is RemoteError
    assert (found.code, found.status) == ("Brand.New", 451)


def test_storages_own_words_find_their_class() -> None:
    body = b"<Error><Code>AccessDenied</Code><Message>Policy expired.</Message></Error>"
    assert type(read_storage_refusal(body, status=403)) is errors.PolicyExpiredError
    body = b"<Error><Code>NoSuchBucket</Code><Message>None.</Message></Error>"
    found = read_storage_refusal(body, status=404)
    assert type(found) is StorageError
    assert (found.status, found.code) == (404, "NoSuchBucket")
