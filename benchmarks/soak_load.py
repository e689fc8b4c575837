"""The mixed load of `make soak`: requests that are good, bad, broken, slow or given up."""

import asyncio
import base64
import contextlib
import io
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
from PIL import Image, ImageDraw, ImageFont

KEY = "sk-soak"
SEES, RELAYED = "qwen3-vl-plus", "qwen3-vl-flash"
"""The model of the embedded engine and the one that is passed on to a second server."""
CHAT = "/compatible-mode/v1/chat/completions"
NATIVE = "/api/v1/services/aigc/multimodal-generation/generation"
# What a server may answer under load; anything else of 5xx is a failure of ours.
BUSY = frozenset({429, 503})
PATIENCE = aiohttp.ClientTimeout(total=120)


@dataclass
class Load:
    """One run of the load against the server at `url`; `answers` counts kind and status."""

    session: aiohttp.ClientSession
    url: str
    seed: int
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    async def work(self, until_s: float, number: int) -> None:
        """Send one request after the other until the loop's clock says `until_s`."""
        chance = random.Random(f"{self.seed}-{number}")  # noqa: S311 - a load, not a secret
        kinds, weights = list(KINDS), [weight for weight, _ in KINDS.values()]
        while asyncio.get_running_loop().time() < until_s:
            kind = chance.choices(kinds, weights)[0]
            expected, send = EXPECTED[kind], KINDS[kind][1]
            try:
                said = await send(self, chance)
            except (TimeoutError, aiohttp.ClientError, ConnectionError) as error:
                said = type(error).__name__
                self.failures.append(f"{kind}: {said}: {error}")
            if said.isdigit() and int(said) not in expected | BUSY:
                self.failures.append(f"{kind}: answered {said}, not {sorted(expected)}")
            self.answers[kind, said] += 1

    async def post(self, path: str, body: bytes, *, headers: dict[str, str] | None = None) -> str:
        """Post and read the whole answer; its status."""
        sent = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        async with self.session.post(
            self.url + path, data=body, headers=sent | (headers or {}), timeout=PATIENCE
        ) as answer:
            await answer.read()
            return str(answer.status)

    async def leave(self, path: str, body: bytes, after_pieces: int) -> str:
        """Post, read a little of the answer and hang up."""
        sent = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        answer = await self.session.post(self.url + path, data=body, headers=sent, timeout=PATIENCE)
        for _ in range(after_pieces):
            await answer.content.readany()
        answer.close()
        return "left"


def _picture(chance: random.Random) -> bytes:
    """A small picture with one line that was never there before."""
    picture = Image.new("RGB", (320, 64), "white")
    words = f"No {chance.randrange(10**9)}"
    ImageDraw.Draw(picture).text((12, 16), words, "black", ImageFont.load_default(28))
    written = io.BytesIO()
    picture.save(written, chance.choice(["PNG", "JPEG", "WEBP"]))
    return written.getvalue()


def _uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def _chat(model: str, content: object, **more: object) -> bytes:
    return json.dumps(
        {"model": model, "messages": [{"role": "user", "content": content}], **more}
    ).encode()


def _about(url: str, question: str) -> list[dict[str, object]]:
    return [
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "text", "text": question},
    ]


async def _text(load: Load, chance: random.Random) -> str:
    return await load.post(CHAT, _chat(RELAYED, f"Say {chance.random()}"))


async def _stream(load: Load, chance: random.Random) -> str:
    body = _chat(RELAYED, f"Say {chance.random()}", stream=True)
    return await load.post(CHAT, body)


async def _left_stream(load: Load, chance: random.Random) -> str:
    body = _chat(RELAYED, f"Say {chance.random()}", stream=True)
    return await load.leave(CHAT, body, chance.randrange(3))


async def _seen(load: Load, chance: random.Random) -> str:
    content = _about(_uri(_picture(chance)), "Read the text")
    return await load.post(CHAT, _chat(SEES, content, stream=chance.random() < 0.5))


async def _left_picture(load: Load, chance: random.Random) -> str:
    body = _chat(SEES, _about(_uri(_picture(chance)), "Read the text"))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(chance.random() * 0.2):
            await load.post(CHAT, body)
    return "left"


async def _schema(load: Load, chance: random.Random) -> str:
    schema = {"type": "object", "properties": {"number": {"type": "string"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "slip", "schema": schema}}
    content = _about(_uri(_picture(chance)), "Extract the values as JSON")
    body = _chat(SEES, content, response_format=wanted, enable_thinking=False)
    return await load.post(CHAT, body)


async def _native(load: Load, chance: random.Random) -> str:
    message = {"role": "user", "content": [{"text": f"Say {chance.random()}"}]}
    body = json.dumps({"model": RELAYED, "input": {"messages": [message]}}).encode()
    sse = {"x-dashscope-sse": "enable"} if chance.random() < 0.5 else {}
    return await load.post(NATIVE, body, headers=sse)


async def _estimate(load: Load, chance: random.Random) -> str:
    body = _chat(SEES, _about(_uri(_picture(chance)), "Read the text"))
    return await load.post("/v1/estimate", body)


async def _broken_picture(load: Load, chance: random.Random) -> str:
    data = bytearray(_picture(chance))
    if chance.random() < 0.5:
        del data[chance.randrange(8, len(data)) :]
    for _ in range(chance.randrange(40)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return await load.post(CHAT, _chat(SEES, _about(_uri(bytes(data)), "What is this?")))


async def _broken_json(load: Load, chance: random.Random) -> str:
    body = bytearray(_chat(SEES, "Hello"))
    body[chance.randrange(len(body))] = chance.choice(b'\x00\xff"{[,:')
    del body[chance.randrange(1, len(body)) :]
    return await load.post(CHAT, bytes(body))


async def _forbidden(load: Load, chance: random.Random) -> str:
    where = chance.choice(
        ["http://127.0.0.1/a.png", "http://169.254.169.254/", "file:///etc/passwd", "oss://a/b"]
    )
    return await load.post(CHAT, _chat(SEES, _about(where, "What is this?")))


async def _stranger(load: Load, chance: random.Random) -> str:
    key = {"authorization": f"Bearer {chance.random()}"}
    return await load.post(CHAT, _chat(SEES, "Hello"), headers=key)


async def _lost(load: Load, chance: random.Random) -> str:
    return await load.post(chance.choice(["/", "/v1/x", "/v1/models", "/../a"]), b"{}")


async def _noise(load: Load, chance: random.Random) -> str:
    """Bytes that are no HTTP, headers without end, half a body: on a bare socket."""
    host, _, port = load.url.partition("://")[2].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {CHAT} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {KEY}\r\n".encode()
    with contextlib.suppress(ConnectionError):
        writer.write(
            chance.choice(
                [
                    chance.randbytes(200),
                    head + b"X-Long: " + b"a" * chance.randrange(100_000),
                    head + b'Content-Length: 500\r\n\r\n{"model":',
                    head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                ]
            )
        )
        await writer.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.read(1)
    writer.transport.abort()
    return "noise"


async def _upload(load: Load, chance: random.Random) -> str:
    """Upload a picture and ask about it; now and then the connection ends in the middle."""
    sent = {"authorization": f"Bearer {KEY}"}
    where = f"{load.url}/api/v1/uploads?action=getPolicy&model={SEES}"
    async with load.session.get(where, headers=sent, timeout=PATIENCE) as answer:
        if answer.status != 200:
            return str(answer.status)
        policy = (await answer.json())["data"]
    name = f"{policy['upload_dir']}/{chance.randrange(10**12)}.png"
    form = aiohttp.FormData()
    for field_name, value in {
        "OSSAccessKeyId": policy["oss_access_key_id"],
        "Signature": policy["signature"],
        "policy": policy["policy"],
        "x-oss-object-acl": policy["x_oss_object_acl"],
        "x-oss-forbid-overwrite": policy["x_oss_forbid_overwrite"],
        "key": name,
        "success_action_status": "200",
    }.items():
        form.add_field(field_name, value)
    form.add_field("file", _picture(chance), filename="slip.png")
    cut = chance.random() * 0.01 if chance.random() < 0.3 else 60
    try:
        async with asyncio.timeout(cut):
            answer = await load.session.post(policy["upload_host"], data=form)
            await answer.read()
    except TimeoutError:
        return "left"
    if answer.status != 200:
        return str(answer.status)
    resolve = {"x-dashscope-ossresourceresolve": "enable"}
    body = _chat(SEES, _about(f"oss://{name}", "Read the text"))
    return await load.post(CHAT, body, headers=resolve)


Send = Callable[[Load, random.Random], Awaitable[str]]
KINDS: dict[str, tuple[int, Send]] = {
    "text": (20, _text),
    "stream": (15, _stream),
    "stream, left": (15, _left_stream),
    "picture": (5, _seen),
    "picture, left": (3, _left_picture),
    "schema": (3, _schema),
    "native": (8, _native),
    "estimate": (4, _estimate),
    "broken picture": (6, _broken_picture),
    "broken JSON": (6, _broken_json),
    "forbidden URL": (5, _forbidden),
    "wrong key": (4, _stranger),
    "no such route": (3, _lost),
    "noise": (4, _noise),
    "upload": (5, _upload),
}
EXPECTED: dict[str, frozenset[int]] = {
    **dict.fromkeys(KINDS, frozenset({200})),
    "broken picture": frozenset({200, 400}),
    "broken JSON": frozenset({400}),
    "forbidden URL": frozenset({400}),
    "wrong key": frozenset({401}),
    "no such route": frozenset({400, 404}),
}
