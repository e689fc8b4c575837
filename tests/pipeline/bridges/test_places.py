"""Coordinates as the caller asked for them, whoever answers and however."""

import base64
import io
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from msgspec import UNSET
from PIL import Image

from qwen_vision.engines.scripted.engine import ScriptedEngine
from qwen_vision.engines.scripted.script import Answer, Script, Step
from qwen_vision.engines.upstream.engine import UpstreamEngine
from qwen_vision.errors import CoordinatesError, MediaError, StructuredOutputError
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.protocol.completion import Completion
from qwen_vision.protocol.request import decode_request
from qwen_vision.settings import MediaSettings, UpstreamSettings
from tests.server.site import Site

Serve = Callable[..., str]
NATIVE = "/api/v1/services/aigc/multimodal-generation/generation"
BOX = '{"bbox_2d": [100, 200, 500, 600], "label": "cup"}'
PIXELS = '{"bbox_2d": [40, 40, 200, 120], "label": "cup"}'


def picture(width: int = 400, height: int = 200, *, orientation: int = 1) -> str:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (width, height), "teal").save(file, "JPEG", exif=exif)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def document(*sizes: tuple[int, int]) -> str:
    pages = [Image.new("RGB", size, "white") for size in sizes]
    file = io.BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:], resolution=200)
    return "data:application/pdf;base64," + base64.b64encode(file.getvalue()).decode()


def asked(*urls: str, model: str = "qwen3-vl-plus", **fields: object) -> bytes:
    parts: list[object] = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    messages = [{"role": "user", "content": [*parts, {"type": "text", "text": "Where, as json?"}]}]
    return json.dumps({"model": model, "messages": messages, **fields}).encode()


def scripted(*steps: Step) -> Pipeline:
    engine = ScriptedEngine(Script(answer=(Answer(steps=steps),)))
    return Pipeline(engine, MediaDoor(MediaSettings()))


async def collected(pipeline: Pipeline, body: bytes) -> Completion:
    try:
        return await (await pipeline.start(decode_request(body), body=body)).collect()
    finally:
        await pipeline.aclose()


async def told(body: bytes, *steps: Step) -> str:
    completion = await collected(scripted(*(steps or (Step(text=BOX),))), body)
    return completion.choices[0].message.content or ""


@pytest.mark.parametrize(
    ("unit", "box"),
    [
        ("pixel", "[40, 40, 200, 120]"),
        ("0-1", "[0.1000, 0.2000, 0.5000, 0.6000]"),
        ("0-1000", "[100, 200, 500, 600]"),
    ],
)
async def test_a_box_is_told_in_the_unit_asked_for(unit: str, box: str) -> None:
    found = await told(asked(picture(), coordinates=unit))
    assert found == BOX.replace("[100, 200, 500, 600]", box)


async def test_without_the_field_an_answer_is_as_the_model_gave_it() -> None:
    completion = await collected(scripted(Step(text=BOX)), asked(picture(), media_receipt=True))
    assert completion.choices[0].message.content == BOX
    assert b"coordinates" not in msgspec.json.encode(completion)


async def test_pixels_are_those_a_viewer_shows_of_a_turned_photo() -> None:
    # Stored 400 x 200 and shown 200 x 400.
    found = await told(asked(picture(orientation=6), coordinates="pixel"))
    assert '"bbox_2d": [20, 80, 100, 240]' in found


async def test_boxes_in_pixels_of_the_resized_picture_go_back_through_the_resize() -> None:
    # 400 x 200 is seen as 392 x 196 by a family that counts in 28s and in pixels it sees.
    box = Step(text='{"bbox_2d": [0, 0, 196, 98]}')
    body = asked(picture(), model="qwen2.5-vl-7b-instruct", coordinates="pixel")
    assert await told(body, box) == '{"bbox_2d": [0, 0, 200, 100]}'


async def test_a_page_is_told_in_its_own_pixels() -> None:
    body = asked(document((400, 200), (800, 1000)), coordinates="pixel")
    second = Step(text='{"page": 2, "point_2d": [500, 500]}')
    assert await told(body, second) == '{"page": 2, "point_2d": [400, 500]}'


async def test_of_several_pictures_the_index_in_the_answer_decides() -> None:
    body = asked(picture(), picture(4000, 2000), coordinates="pixel")
    boxes = f'{BOX[:-1]}, "image": 2}}, {BOX}'
    assert await told(body, Step(text=boxes)) == (
        '{"bbox_2d": [400, 400, 2000, 1200], "label": "cup", "image": 2}, ' + PIXELS
    )


async def test_the_arguments_of_a_call_are_told_too_and_thoughts_are_not() -> None:
    steps = (Step(think=BOX), Step(call="zoom", arguments=BOX, pieces=9), Step(text="Done"))
    tool = {"type": "function", "function": {"name": "zoom"}}
    body = asked(picture(), coordinates="pixel", tools=[tool], enable_thinking=True)
    message = (await collected(scripted(*steps), body)).choices[0].message
    assert isinstance(message.tool_calls, list)
    assert message.tool_calls[0].function.arguments == PIXELS
    assert (message.reasoning_content, message.content) == (BOX, "Done")


async def test_arguments_that_break_off_in_a_place_are_handed_on_as_they_are() -> None:
    broken = '{"bbox_2d": [100, 2'
    tool = {"type": "function", "function": {"name": "zoom"}}
    body = asked(picture(), coordinates="pixel", tools=[tool])
    step = Step(call="zoom", arguments=broken)
    message = (await collected(scripted(step), body)).choices[0].message
    assert isinstance(message.tool_calls, list)
    assert message.tool_calls[0].function.arguments == broken


async def test_a_stream_says_its_unit_and_only_places_wait() -> None:
    words = ["See: ", '{"bbox_2d"', ": [100, 2", "00, 500, 600]", ', "label": "cup"}', " End"]
    pipeline = scripted(*(Step(text=word) for word in words))
    run = await pipeline.start(decode_request(asked(picture(), coordinates="pixel", stream=True)))
    chunks = [chunk async for chunk in run.chunks()]
    await pipeline.aclose()
    assert {chunk.coordinates for chunk in chunks} == {"pixel"}
    texts = [chunk.text for chunk in chunks if chunk.text]
    assert texts[:3] == ["See: ", "{", '"bbox_2d": [40, 40, 200, 120]']
    assert "".join(texts) == f"See: {PIXELS} End"


async def test_the_receipt_says_from_what_to_what() -> None:
    body = asked(picture(), coordinates="pixel", media_receipt=True)
    completion = await collected(scripted(Step(text=BOX)), body)
    assert completion.coordinates == "pixel"
    assert isinstance(completion.media_receipt, list)
    (receipt,) = completion.media_receipt
    assert msgspec.to_builtins(receipt.coordinates) == {"from": "0-1000", "to": "pixel"}


async def test_without_a_picture_there_is_nothing_to_tell() -> None:
    completion = await collected(scripted(Step(text=BOX)), asked(coordinates="pixel"))
    assert completion.choices[0].message.content == BOX
    assert completion.coordinates is UNSET


@pytest.mark.parametrize("value", ["inches", 3, ["pixel"], ""])
def test_another_unit_is_refused_with_the_field_and_the_known_ones(value: object) -> None:
    with pytest.raises(CoordinatesError, match=r"'pixel', '0-1' or '0-1000'") as caught:
        decode_request(asked(coordinates=value))
    assert (caught.value.status, caught.value.param) == (400, "coordinates")


@pytest.fixture
async def far() -> AsyncIterator[tuple[UpstreamSettings, list[Any]]]:
    """An upstream that answers with a box, and the bodies it was sent."""
    bodies: list[Any] = []

    async def reply(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        bodies.append(body)
        words = json.dumps({"total": 10, "bbox_2d": [100, 200, 500, 600]})
        if not body.get("stream"):
            message = {"role": "assistant", "content": words}
            return web.json_response({"choices": [{"message": message, "finish_reason": "stop"}]})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for word in words:
            delta = {"choices": [{"delta": {"content": word}, "finish_reason": None}]}
            await response.write(f"data: {json.dumps(delta)}\n\n".encode())
        end = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
        await response.write(f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n".encode())
        return response

    app = web.Application(client_max_size=2**26)
    app.router.add_post("/v1/chat/completions", reply)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield UpstreamSettings(name="far", urls=(url,), profile="qwen-vision"), bodies
    await runner.cleanup()


Far = tuple[UpstreamSettings, list[Any]]


def forwarding(far: Far) -> Pipeline:
    return Pipeline(UpstreamEngine(far[0]), MediaDoor(MediaSettings()))


@pytest.mark.parametrize("stream", [False, True])
async def test_what_an_upstream_answers_is_told_here_and_the_field_goes_to_none(
    far: Far, stream: bool
) -> None:
    body = asked(picture(), coordinates="pixel", media_receipt=True, stream=stream)
    completion = await collected(forwarding(far), body)
    found = json.loads(completion.choices[0].message.content or "")
    assert found == {"total": 10, "bbox_2d": [40, 40, 200, 120]}
    (sent,) = far[1]
    assert "coordinates" not in sent
    assert isinstance(completion.media_receipt, list)
    (receipt,) = completion.media_receipt
    assert receipt.original_size == (400, 200)
    assert "opened here for its size" in str(receipt.note)


@pytest.mark.parametrize(("profile", "size"), [("llama-server", (392, 196)), ("dashscope", None)])
async def test_a_server_that_resizes_its_own_way_gets_the_size_its_boxes_are_read_in(
    far: Far, profile: str, size: tuple[int, int] | None
) -> None:
    settings = UpstreamSettings(name="far", urls=far[0].urls, profile=profile)
    pipeline = Pipeline(UpstreamEngine(settings), MediaDoor(MediaSettings()))
    body = asked(picture(), model="qwen2.5-vl-7b-instruct", coordinates="pixel")
    completion = await collected(pipeline, body)
    assert "[102, 204, 510, 612]" in (completion.choices[0].message.content or "")
    url = far[1][0]["messages"][0]["content"][0]["image_url"]["url"]
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as seen:
        assert seen.size == (size or (400, 200))


async def test_no_picture_is_opened_for_shares(far: Far) -> None:
    url = "http://127.0.0.1:9/nowhere.png"
    completion = await collected(forwarding(far), asked(url, coordinates="0-1"))
    assert "[0.1000, 0.2000, 0.5000, 0.6000]" in (completion.choices[0].message.content or "")
    with pytest.raises(MediaError):
        await collected(forwarding(far), asked(url, coordinates="pixel"))
    assert len(far[1]) == 1


async def test_a_schema_holds_for_what_the_caller_gets(far: Far) -> None:
    numbers = {"type": "array", "items": {"type": "integer", "maximum": 1000}}
    schema = {"type": "object", "properties": {"bbox_2d": numbers}}
    format_ = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body = asked(picture(), coordinates="pixel", response_format=format_)
    completion = await collected(forwarding(far), body)
    assert "[40, 40, 200, 120]" in (completion.choices[0].message.content or "")
    shares = asked(picture(), coordinates="0-1", response_format=format_)
    with pytest.raises(StructuredOutputError, match="coordinates '0-1'"):
        await collected(forwarding(far), shares)


def test_a_native_stream_tells_places_in_every_event(serve: Serve, tmp_path: Path) -> None:
    site = Site(serve(Step(text=BOX[:20]), Step(text=BOX[20:])), tmp_path)
    body = {
        "model": "qwen3-vl-plus",
        "input": {"messages": [{"role": "user", "content": [{"image": picture()}]}]},
        "parameters": {"coordinates": "pixel", "incremental_output": False},
    }
    answer = site.call("POST", NATIVE, body=json.dumps(body), headers={"X-DashScope-SSE": "enable"})
    assert json.dumps(PIXELS)[1:-1] in answer.body.decode().rpartition("data:")[2]
    assert "100, 200" not in answer.body.decode()


def test_the_native_dialect_tells_places_too_and_its_words_stay_in_pixels(
    serve: Serve, tmp_path: Path
) -> None:
    lines = '[{"rotate_rect": [500, 500, 200, 100, 0], "text": "word"}]'
    site = Site(serve(Step(text=lines)), tmp_path)
    items = [{"image": picture()}, {"text": "Read"}]
    parameters = {"coordinates": "pixel", "ocr_options": {"task": "advanced_recognition"}}
    body = {
        "model": "qwen-vl-ocr",
        "input": {"messages": [{"role": "user", "content": items}]},
        "parameters": parameters,
    }
    answer = site.call("POST", NATIVE, body=json.dumps(body))
    (item,) = answer.json["output"]["choices"][0]["message"]["content"]
    assert json.loads(item["text"])[0]["rotate_rect"] == [200, 100, 80, 20, 0]
    assert item["ocr_result"]["words_info"][0]["rotate_rect"] == [200, 100, 80, 20, 0]
    parameters["coordinates"] = "inches"
    answer = site.call("POST", NATIVE, body=json.dumps(body))
    assert answer.status == 400
    assert "'inches'" in answer.json["message"]
