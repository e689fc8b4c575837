"""The upstream engine against real servers: a good one of ours, and ones that misbehave."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from aiohttp import web
from PIL import Image

from qwen_vision.engines.upstream.engine import UpstreamEngine
from qwen_vision.errors import (
    ConnectionFailedError,
    EngineError,
    QwenVisionError,
    RemoteError,
    RequestTimeoutError,
)
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.protocol.completion import Completion
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.settings import MediaSettings, UpstreamSettings

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]
ANSWER = {
    "choices": [{"message": {"role": "assistant", "content": "A cat."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 40, "completion_tokens": 3, "total_tokens": 43},
}


@dataclass
class Site:
    """A server that answers as told and keeps what it was sent."""

    reply: Reply
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        try:
            return await self.reply(request)
        except asyncio.CancelledError:
            self.gone.set()
            raise


@asynccontextmanager
async def running(reply: Reply) -> AsyncIterator[Site]:
    site = Site(reply)
    app = web.Application(client_max_size=2**26)
    app.router.add_post("/v1/chat/completions", site.serve)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield site
    finally:
        await runner.cleanup()


def answers(body: object = ANSWER, status: int = 200, **headers: str) -> Reply:
    async def reply(request: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=headers)

    return reply


def writes(*pieces: bytes, kind: str = "text/event-stream", hold: bool = False) -> Reply:
    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        if hold:
            await asyncio.sleep(30)
        return response

    return reply


def chunk(content: str | None = None, reason: str | None = None, **delta: object) -> bytes:
    body = {"choices": [{"delta": {"content": content, **delta}, "finish_reason": reason}]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def upstream(
    *urls: str,
    profile: str = "dashscope",
    key: str | None = None,
    model: str | None = None,
    silence_timeout_s: float = 20,
) -> UpstreamEngine:
    settings = UpstreamSettings(
        name="gpu",
        urls=urls,
        profile=profile,
        key=key,
        model=model,
        silence_timeout_s=silence_timeout_s,
    )
    return UpstreamEngine(settings)


async def ask(engine: UpstreamEngine, **fields: object) -> Completion:
    base = {"model": "qwen3-vl-plus", "messages": [{"role": "user", "content": "What?"}]}
    return await send(engine, json.dumps({**base, **fields}).encode())


async def send(engine: UpstreamEngine, body: bytes) -> Completion:
    pipeline = Pipeline(engine, MediaDoor(MediaSettings()))
    try:
        run = await pipeline.start(msgspec.json.decode(body, type=ChatRequest), body=body)
        return await run.collect()
    finally:
        await pipeline.aclose()


def picture(width: int = 64, height: int = 48, kind: str = "PNG") -> str:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, kind)
    return f"data:image/{kind.lower()};base64," + base64.b64encode(file.getvalue()).decode()


def with_picture(url: str, **more: object) -> list[dict[str, Any]]:
    part = {"type": "image_url", "image_url": {"url": url}, **more}
    return [{"role": "user", "content": [part, {"type": "text", "text": "What?"}]}]


async def test_the_callers_own_bytes_are_sent_when_nothing_must_change() -> None:
    raw = b'{ "model":"qwen3-vl-plus",  "messages":[{"role":"user","content":"Hi"}], "extra":1 }'
    async with running(answers()) as site:
        completion = await send(upstream(site.url, key="sk-ours"), raw)
    assert site.bodies == [raw]
    assert site.headers[0]["authorization"] == "Bearer sk-ours"
    assert completion.choices[0].message.content == "A cat."
    assert completion.system_fingerprint == "upstream-gpu"
    assert completion.usage is not None
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (40, 3)


async def test_a_stream_passes_thoughts_text_and_calls_on() -> None:
    call = {"index": 0, "id": "call_1", "function": {"name": "f", "arguments": "{}"}}
    reply = writes(
        chunk(None, reasoning_content="Hm"),
        chunk("A ")[:20],
        chunk("A ")[20:] + chunk("cat."),
        chunk(tool_calls=[call]),
        chunk("", "tool_calls"),
        b"data: [DONE]\n\n",
    )
    tool = {"type": "function", "function": {"name": "f"}}
    async with running(reply) as site:
        completion = await ask(upstream(site.url), stream=True, tools=[tool], enable_thinking=True)
    message = completion.choices[0].message
    assert (message.reasoning_content, message.content) == ("Hm", "A cat.")
    assert isinstance(message.tool_calls, list)
    assert message.tool_calls[0].id == "call_1"
    assert completion.choices[0].finish_reason == "tool_calls"


async def test_reasoning_under_its_newer_name_is_found() -> None:
    body = {
        "choices": [
            {"message": {"content": None, "reasoning": "Hm"}, "finish_reason": "stop"},
        ]
    }
    async with running(answers(body)) as site:
        completion = await ask(upstream(site.url, profile="vllm"), enable_thinking=True)
    assert completion.choices[0].message.reasoning_content == "Hm"


async def test_thoughts_in_tags_are_taken_out_of_the_text() -> None:
    body = {
        "choices": [{"message": {"content": "<think>Hm</think>\n\nCat"}, "finish_reason": "stop"}]
    }
    async with running(answers(body)) as site:
        completion = await ask(upstream(site.url, profile="vllm"), enable_thinking=True)
    assert completion.choices[0].message.content == "Cat"
    assert completion.choices[0].message.reasoning_content == "Hm"


@pytest.mark.parametrize(
    ("profile", "sent"),
    [
        ("dashscope", {"enable_thinking": False}),
        ("vllm", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("ollama", {}),
    ],
)
async def test_thinking_goes_where_the_profile_has_its_switch(
    profile: str, sent: dict[str, object]
) -> None:
    async with running(answers()) as site:
        await ask(upstream(site.url, profile=profile), enable_thinking=False)
    body = json.loads(site.bodies[0])
    found = {
        name: body[name] for name in ("enable_thinking", "chat_template_kwargs") if name in body
    }
    assert found == sent


async def test_a_default_thought_that_json_switches_off_is_said_aloud() -> None:
    answer = {"choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}]}
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    async with running(answers(answer)) as site:
        await ask(upstream(site.url), model="qwen3.6-plus", response_format=schema)
    assert json.loads(site.bodies[0])["enable_thinking"] is False


async def test_parameters_only_one_service_knows_stay_away_from_the_others() -> None:
    fields = {
        "messages": with_picture(picture(), min_pixels=4096, max_pixels=65536),
        "preserve_thinking": True,
        "media_receipt": True,
    }
    async with running(answers()) as site:
        completion = await ask(upstream(site.url, profile="vllm", model="Qwen/VL"), **fields)
        await ask(upstream(site.url), **fields)
    vllm, dashscope = map(json.loads, site.bodies)
    assert vllm["model"] == "Qwen/VL"
    assert vllm["mm_processor_kwargs"] == {"min_pixels": 4096, "max_pixels": 65536}
    assert "preserve_thinking" not in vllm
    assert "min_pixels" not in vllm["messages"][0]["content"][0]
    assert dashscope["preserve_thinking"] is True
    assert dashscope["messages"][0]["content"][0]["min_pixels"] == 4096
    assert "media_receipt" not in vllm
    assert "media_receipt" not in dashscope
    assert completion.model == "qwen3-vl-plus"
    assert isinstance(completion.media_receipt, list)
    assert completion.media_receipt[0].source == "forwarded"


async def test_frames_become_pictures_with_their_times_where_videos_are_not_taken() -> None:
    frames = {"type": "video", "video": [picture()] * 4, "fps": 2}
    async with running(answers()) as site:
        await ask(
            upstream(site.url, profile="llama-server"),
            messages=[{"role": "user", "content": [frames]}],
        )
    parts = json.loads(site.bodies[0])["messages"][0]["content"]
    assert [part["text"] for part in parts if part["type"] == "text"] == [
        "<0.0 seconds>",
        "<0.5 seconds>",
        "<1.0 seconds>",
        "<1.5 seconds>",
    ]
    pictures = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    assert len(pictures) == 4
    assert all(url.startswith("data:image/jpeg;base64,") for url in pictures)


@pytest.mark.parametrize("profile", ["llama-server", "vllm", "dashscope"])
async def test_a_turned_photo_is_made_upright_for_a_server_that_would_see_it_lying(
    profile: str,
) -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (640, 384), "teal").save(file, "JPEG", exif=exif)
    url = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    async with running(answers()) as site:
        await ask(upstream(site.url, profile=profile), messages=with_picture(url))
    sent = json.loads(site.bodies[0])["messages"][0]["content"][0]["image_url"]["url"]
    with Image.open(io.BytesIO(base64.b64decode(sent.partition(",")[2]))) as seen:
        # Who turns it is sent it as it is.
        assert seen.size == ((384, 640) if profile == "llama-server" else (640, 384))
        assert (sent == url) == (profile != "llama-server")


async def test_a_url_the_upstream_cannot_fetch_goes_through_the_guarded_door() -> None:
    async with running(answers()) as site:
        with pytest.raises(QwenVisionError, match="Unable to download"):
            await ask(
                upstream(site.url, profile="ollama"),
                messages=with_picture("http://127.0.0.1:9/x.png"),
            )
    assert site.bodies == []


TROUBLE: list[tuple[Reply, type[QwenVisionError], str]] = [
    (answers({"error": {"message": "bad", "code": "x"}}, 400), RemoteError, "bad"),
    (answers({"error": {"message": "slow down"}}, 429), RemoteError, "slow down"),
    (answers({"error": {"message": "broken"}}, 500), RemoteError, "broken"),
    (answers({}, 401), EngineError, "refused this server's key"),
    (answers({}, 302, Location="/else"), RemoteError, "HTTP 502"),
    (writes(b"<html>Welcome</html>", kind="text/html"), RemoteError, "not of the chat dialect"),
    (answers({"choices": []}), RemoteError, "not of the chat dialect"),
]


@pytest.mark.parametrize(("reply", "kind", "words"), TROUBLE)
async def test_trouble_upstream_is_a_clear_error(
    reply: Reply, kind: type[QwenVisionError], words: str
) -> None:
    for stream in (False, True):
        async with running(reply) as site:
            with pytest.raises(kind, match=words):
                await ask(upstream(site.url), stream=stream)


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (chunk("Half"),),
        (chunk("Half"), b'data: {"choices": [{"del'),
    ],
)
async def test_half_a_stream_is_an_error_not_an_answer(pieces: tuple[bytes, ...]) -> None:
    async with running(writes(*pieces)) as site:
        with pytest.raises((ConnectionFailedError, RemoteError)):
            await ask(upstream(site.url), stream=True)


async def test_an_error_in_the_middle_of_a_stream_reaches_the_caller() -> None:
    reply = writes(chunk("Half"), b'data: {"error": {"message": "out of memory"}}\n\n')
    async with running(reply) as site:
        with pytest.raises(RemoteError, match="out of memory"):
            await ask(upstream(site.url), stream=True)


async def test_a_stream_without_its_last_word_is_taken() -> None:
    async with running(writes(chunk("All"), chunk("", "stop"))) as site:
        completion = await ask(upstream(site.url), stream=True)
    assert completion.choices[0].message.content == "All"


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": -5, "completion_tokens": 2}, {"total_tokens": None}]
)
async def test_wrong_usage_is_replaced_by_an_estimate(usage: object) -> None:
    async with running(answers({**ANSWER, "usage": usage})) as site:
        completion = await ask(upstream(site.url))
    assert completion.usage is not None
    assert completion.usage.prompt_tokens > 0
    assert completion.usage.completion_tokens > 0


async def test_an_endless_repeating_stream_is_ended() -> None:
    async with running(writes(*[chunk("again and again ")] * 2000, hold=True)) as site:
        completion = await ask(upstream(site.url), stream=True)
    assert completion.choices[0].finish_reason == "length"


async def test_a_silent_upstream_is_given_up() -> None:
    async with running(writes(hold=True)) as site:
        with pytest.raises(RequestTimeoutError, match="gave no answer in time"):
            await ask(upstream(site.url, silence_timeout_s=0.2), stream=True)


async def test_a_caller_who_leaves_cancels_the_run_upstream() -> None:
    async with running(writes(chunk("First"), hold=True)) as site:
        engine = upstream(site.url)
        pipeline = Pipeline(engine, MediaDoor(MediaSettings()))
        body = {"model": "qwen3-vl-plus", "stream": True}
        request = msgspec.convert(
            {**body, "messages": [{"role": "user", "content": "x"}]}, ChatRequest
        )
        chunks = (await pipeline.start(request)).chunks()
        await anext(chunks)
        await chunks.aclose()
        await asyncio.wait_for(site.gone.wait(), 5)
        await pipeline.aclose()


async def test_another_address_is_asked_before_the_first_event_only() -> None:
    async with (
        running(answers({"error": {"message": "x"}}, 503)) as bad,
        running(answers()) as good,
    ):
        completion = await ask(upstream("http://127.0.0.1:9/v1", bad.url, good.url))
    assert completion.choices[0].message.content == "A cat."
    async with running(writes(chunk("Half"))) as half, running(answers()) as other:
        with pytest.raises(ConnectionFailedError):
            await ask(upstream(half.url, other.url), stream=True)
    assert other.bodies == []


async def test_an_error_of_the_caller_is_not_tried_elsewhere() -> None:
    async with running(answers({"error": {"message": "x"}}, 400)) as one, running(answers()) as two:
        with pytest.raises(RemoteError):
            await ask(upstream(one.url, two.url))
    assert two.bodies == []
