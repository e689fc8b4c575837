"""What a client of the store does: ask for a ticket, fill in the form, send the bytes."""

from pathlib import Path

from qwen_vision.storage.policy import Ticket
from qwen_vision.storage.store import UploadStore

KEY = "sk-test-key-of-one-owner"
MODEL = "qwen3-vl-plus"


class Clock:
    """A clock the test sets; a store is told the time by whoever builds it."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


def form_of(ticket: Ticket, name: str = "cat.png", **changes: str) -> dict[str, str]:
    """The form fields a client sends, names in lower case as the server hands them over."""
    return {
        "ossaccesskeyid": ticket.oss_access_key_id,
        "signature": ticket.signature,
        "policy": ticket.policy,
        "key": f"{ticket.upload_dir}/{name}",
        "x-oss-object-acl": ticket.x_oss_object_acl,
        "x-oss-forbid-overwrite": ticket.x_oss_forbid_overwrite,
        **changes,
    }


async def ticket_of(store: UploadStore, *, key: str = KEY, model: str = MODEL) -> Ticket:
    """A fresh permission."""
    return await store.issue(api_key=key, model=model, upload_host="http://here/objects")


async def keep(store: UploadStore, data: bytes, *, form: dict[str, str] | None = None) -> str:
    """Store bytes in two pieces; the oss:// URL."""
    form = form or form_of(await ticket_of(store))
    half = len(data) // 2
    async with await store.incoming(await store.check(form)) as incoming:
        await incoming.write(data[:half])
        await incoming.write(data[half:])
        await incoming.commit()
    return "oss://" + form["key"]


def files_under(folder: Path) -> list[Path]:
    """Every file the store keeps or is writing; its own books left out."""
    return [
        path
        for part in ("objects", "incoming")
        for path in (folder / part).rglob("*")
        if path.is_file() and path.name not in {"alive", "sessions.lock"}
    ]
