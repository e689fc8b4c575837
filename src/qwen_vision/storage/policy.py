"""Policies: the signed permission to store one folder's worth of files (uploads.md, policies)."""

import hashlib
import hmac
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

import msgspec
import pybase64
from msgspec import Struct

from qwen_vision.errors import (
    AccessKeyIdError,
    FormFieldError,
    ObjectNameError,
    PolicyConditionError,
    PolicyExpiredError,
    PolicySignatureError,
)
from qwen_vision.settings import MEBIBYTE, StorageSettings

BUCKET: Final = "qwen-vision-uploads"
ACL: Final = "private"
FORBID_OVERWRITE: Final = "true"
_ROOT: Final = "dashscope-instant"
_KEY_ID_MARK: Final = "QV"
_OWNER_CHARS: Final = 32
_MAX_KEY_BYTES: Final = 1023
# Beyond any number of megabytes a client may compare with; the quota is the store's own matter.
_NO_CAPACITY_LIMIT_MB: Final = 999_999_999

Condition: TypeAlias = list[str | int] | dict[str, str]


class Policy(Struct):
    """The document that is signed: until when, and what the form must say."""

    expiration: str
    conditions: list[Condition]


class Ticket(Struct):
    """What a client needs for its form; field names and order are the service's."""

    policy: str
    signature: str
    upload_dir: str
    upload_host: str
    expire_in_seconds: int
    max_file_size_mb: int
    capacity_limit_mb: int
    oss_access_key_id: str
    x_oss_object_acl: str = ACL
    x_oss_forbid_overwrite: str = FORBID_OVERWRITE


@dataclass(frozen=True, slots=True)
class Permission:
    """A checked form: this key may be stored, for this owner and model."""

    key: str
    owner: str
    model: str
    max_bytes: int


class Signer:
    """Issues policies and checks the forms that come back; keeps no list of them.

    The model is part of the access key id, and each id has a secret of its own, derived from
    the store's: a policy can be neither changed nor used under another model.
    """

    def __init__(
        self,
        secret: bytes,
        settings: StorageSettings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Sign with `secret`; `clock` gives seconds since the epoch."""
        self._secret = secret
        self._settings = settings
        self._clock = clock

    def owner(self, api_key: str) -> str:
        """The name an API key has in here: 32 hex digits that do not tell the key."""
        return self._digest("owner", api_key).hex()[:_OWNER_CHARS]

    def issue(self, *, owner: str, model: str, upload_host: str) -> Ticket:
        """A fresh permission to upload for `owner` and `model`."""
        settings = self._settings
        now = self._clock()
        day = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
        folder = f"{_ROOT}/{owner}/{day}/{uuid.uuid4()}"
        document = Policy(
            expiration=_moment(now + settings.policy_life_s + settings.policy_grace_s),
            conditions=[
                ["content-length-range", 0, settings.max_file_bytes],
                ["starts-with", "$key", folder],
                {"bucket": BUCKET},
                {"x-oss-object-acl": ACL},
                {"x-oss-forbid-overwrite": FORBID_OVERWRITE},
            ],
        )
        policy = pybase64.b64encode(msgspec.json.encode(document)).decode()
        key_id = _KEY_ID_MARK + model.encode().hex()
        return Ticket(
            policy=policy,
            signature=self._sign(key_id, policy),
            upload_dir=folder,
            upload_host=upload_host,
            expire_in_seconds=int(settings.policy_life_s),
            max_file_size_mb=settings.max_file_bytes // MEBIBYTE,
            capacity_limit_mb=_NO_CAPACITY_LIMIT_MB,
            oss_access_key_id=key_id,
        )

    def check(self, form: Mapping[str, str]) -> Permission:
        """The permission in a form's fields (lower-case names), before its file is read.

        Raises an error of the storage family when the form is not what was signed.
        """
        policy = _field(form, "policy", shown="policy")
        key_id = _field(form, "ossaccesskeyid", shown="OSSAccessKeyId")
        signature = _field(form, "signature", shown="Signature")
        model = _model_of(key_id)
        if not hmac.compare_digest(self._sign(key_id, policy).encode(), signature.encode()):
            raise PolicySignatureError
        # Signed here, so it is what `issue` wrote.
        document = msgspec.json.decode(pybase64.b64decode(policy), type=Policy)
        if self._clock() > datetime.fromisoformat(document.expiration).timestamp():
            raise PolicyExpiredError
        key = _field(form, "key", shown="key")
        folder, max_bytes = _match(document, form)
        return Permission(
            key=_checked_key(key, folder),
            owner=folder.split("/")[1],
            model=model,
            max_bytes=max_bytes,
        )

    def _sign(self, key_id: str, policy: str) -> str:
        secret = self._digest("signature", key_id)
        return pybase64.b64encode(hmac.digest(secret, policy.encode(), hashlib.sha256)).decode()

    def _digest(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self._secret, f"{purpose}\0{text}".encode(), hashlib.sha256)


def _moment(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _field(form: Mapping[str, str], name: str, *, shown: str) -> str:
    value = form.get(name)
    if not value:
        raise FormFieldError(name=shown)
    return value


def _model_of(key_id: str) -> str:
    try:
        return bytes.fromhex(key_id.removeprefix(_KEY_ID_MARK)).decode()
    except ValueError:
        raise AccessKeyIdError from None


def _match(document: Policy, form: Mapping[str, str]) -> tuple[str, int]:
    """The folder and the byte limit of a signed document; the form's other fields must fit."""
    folder, max_bytes = "", 0
    for condition in document.conditions:
        match condition:
            case ["content-length-range", int(), int(limit)]:
                max_bytes = limit
            case ["starts-with", "$key", str(start)]:
                folder = start
                fits = form["key"].startswith(start)
                _require(condition, fits=fits)
            case dict():
                fits = all(form.get(name, value) == value for name, value in condition.items())
                _require(condition, fits=fits)
            case _:
                continue
    return folder, max_bytes


def _require(condition: Condition, *, fits: bool) -> None:
    if not fits:
        raise PolicyConditionError(condition=msgspec.json.encode(condition).decode())


def _checked_key(key: str, folder: str) -> str:
    """The key if it is `folder/name` with a plain name.

    A key never becomes a path on disk; it must still not look like one, for it stands in URLs.
    """
    name = key.removeprefix(folder + "/")
    if (
        name == key
        or "/" in name
        or "\\" in name
        or name in {"", ".", ".."}
        or not name.isprintable()
        or len(key.encode()) > _MAX_KEY_BYTES
    ):
        raise ObjectNameError
    return key
