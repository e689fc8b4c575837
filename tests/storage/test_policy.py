"""Policies: what a form must be to let a file in."""

import json
import stat

import pybase64
import pytest

from qwen_vision.errors import (
    AccessKeyIdError,
    FormFieldError,
    ObjectNameError,
    PolicyConditionError,
    PolicyExpiredError,
    PolicySignatureError,
    RateLimitError,
)
from qwen_vision.settings import StorageSettings
from qwen_vision.storage.store import UploadStore
from tests.storage.forms import KEY, MODEL, Clock, form_of, ticket_of


async def test_a_ticket_tells_what_the_form_needs(store: UploadStore) -> None:
    ticket = await ticket_of(store)
    root, owner, day, unique = ticket.upload_dir.split("/")
    assert (root, len(owner), len(day), len(unique)) == ("dashscope-instant", 32, 10, 36)
    assert int(owner, 16) >= 0
    assert KEY not in str(ticket)
    assert (ticket.expire_in_seconds, ticket.max_file_size_mb) == (300, 100)
    assert (ticket.x_oss_object_acl, ticket.x_oss_forbid_overwrite) == ("private", "true")


async def test_the_policy_document_has_the_services_shape(store: UploadStore) -> None:
    ticket = await ticket_of(store)
    document = json.loads(pybase64.b64decode(ticket.policy))
    assert document == {
        "expiration": "2027-01-15T08:25:00.000Z",
        "conditions": [
            ["content-length-range", 0, 104857600],
            ["starts-with", "$key", ticket.upload_dir],
            {"bucket": "qwen-vision-uploads"},
            {"x-oss-object-acl": "private"},
            {"x-oss-forbid-overwrite": "true"},
        ],
    }


async def test_a_form_as_it_was_signed_is_let_in(store: UploadStore) -> None:
    ticket = await ticket_of(store)
    permission = await store.check(form_of(ticket))
    assert (permission.model, permission.max_bytes) == (MODEL, 104857600)
    assert permission.key == ticket.upload_dir + "/cat.png"
    assert permission.owner == ticket.upload_dir.split("/")[1]


async def test_an_expired_policy_is_refused(store: UploadStore, clock: Clock) -> None:
    form = form_of(await ticket_of(store))
    clock.now_s += 1501
    with pytest.raises(
        PolicyExpiredError, match=r"^Invalid according to Policy: Policy expired\.$"
    ):
        await store.check(form)


async def test_a_policy_with_a_later_expiration_is_refused(store: UploadStore) -> None:
    ticket = await ticket_of(store)
    document = json.loads(pybase64.b64decode(ticket.policy))
    document["expiration"] = "2099-01-01T00:00:00.000Z"
    forged = pybase64.b64encode(json.dumps(document).encode()).decode()
    with pytest.raises(PolicySignatureError):
        await store.check(form_of(ticket, policy=forged))


async def test_a_policy_of_another_server_is_refused(
    store: UploadStore, settings: StorageSettings
) -> None:
    other = UploadStore(StorageSettings(folder=settings.folder.with_name("other")))
    form = form_of(await ticket_of(other))
    await other.aclose()
    with pytest.raises(PolicySignatureError):
        await store.check(form)


async def test_a_policy_cannot_be_used_for_another_model(store: UploadStore) -> None:
    ticket = await ticket_of(store)
    other = await ticket_of(store, model="qwen-vl-ocr")
    with pytest.raises(PolicySignatureError):
        await store.check(form_of(ticket, ossaccesskeyid=other.oss_access_key_id))


@pytest.mark.parametrize("key_id", ["QVnothex", "LTAI5tExample", "QV" + "ff" * 4])
async def test_an_unknown_access_key_id_is_refused(store: UploadStore, key_id: str) -> None:
    with pytest.raises(AccessKeyIdError):
        await store.check(form_of(await ticket_of(store), ossaccesskeyid=key_id))


@pytest.mark.parametrize("field", ["key", "policy", "signature", "ossaccesskeyid"])
async def test_a_form_without_a_field_names_it(store: UploadStore, field: str) -> None:
    form = form_of(await ticket_of(store))
    del form[field]
    with pytest.raises(FormFieldError, match=f"(?i)'{field}'"):
        await store.check(form)


@pytest.mark.parametrize(
    "change",
    [
        {"key": "dashscope-instant/ffffffffffffffffffffffffffffffff/2026-11-23/x/cat.png"},
        {"key": "/etc/passwd"},
        {"x-oss-object-acl": "public-read"},
        {"x-oss-forbid-overwrite": "false"},
        {"bucket": "another"},
    ],
)
async def test_a_form_outside_the_signed_conditions_is_refused(
    store: UploadStore, change: dict[str, str]
) -> None:
    ticket = await ticket_of(store)
    with pytest.raises(PolicyConditionError, match="Policy Condition failed"):
        await store.check(form_of(ticket, **change))


@pytest.mark.parametrize(
    "name",
    ["../../../../etc/passwd", "..", ".", "", "a/b.png", "..\\..\\x", "a\nb", "a\0b", "x" * 2000],
)
async def test_a_key_that_is_no_plain_file_name_is_refused(store: UploadStore, name: str) -> None:
    with pytest.raises(ObjectNameError):
        await store.check(form_of(await ticket_of(store), name))


async def test_the_folder_alone_cannot_be_extended(store: UploadStore) -> None:
    ticket = await ticket_of(store)
    with pytest.raises(ObjectNameError):
        await store.check(form_of(ticket, key=ticket.upload_dir + "-other/cat.png"))


async def test_more_requests_a_second_than_allowed_are_refused(store: UploadStore) -> None:
    async def many() -> None:
        for _ in range(300):
            await ticket_of(store)

    with pytest.raises(RateLimitError):
        await many()
    await ticket_of(store, model="qwen-vl-ocr")
    await ticket_of(store, key="sk-another")


async def test_the_secret_is_readable_by_this_user_only_and_survives_a_restart(
    store: UploadStore, settings: StorageSettings, clock: Clock
) -> None:
    form = form_of(await ticket_of(store))
    path = settings.folder / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.folder.stat().st_mode) == 0o700
    again = UploadStore(settings, clock=clock)
    await again.check(form)
    await again.aclose()
