"""Media over the wire: tokens in `usage`, receipts, and the dialect's refusals."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from tests.media.clips import Film
from tests.media.files import corners, data_uri, encoded

Serve = Callable[..., str]
Call = Callable[..., tuple[int, dict[str, str], bytes]]
Part = dict[str, Any]


def body(*parts: Part, model: str = "qwen3-vl-plus", **more: object) -> dict[str, object]:
    """A request about some media."""
    content = [*parts, {"type": "text", "text": "What is this?"}]
    return {"model": model, "messages": [{"role": "user", "content": content}], **more}


def picture(width: int, height: int, name: str = "jpeg", **beside: int) -> Part:
    """A content part with a picture."""
    url = data_uri(encoded(corners(width, height), name), f"image/{name}")
    return {"type": "image_url", "image_url": {"url": url}, **beside}


def clip(seconds: int, **beside: float) -> Part:
    """A content part with a video of 25 frames a second."""
    url = data_uri(Film(frames=seconds * 25).make(), "video/mp4")
    return {"type": "video_url", "video_url": {"url": url}, **beside}


def frames(count: int, **beside: float) -> Part:
    """A content part with a list of frames."""
    url = data_uri(encoded(corners(640, 352), "png"))
    return {"type": "video", "video": [url] * count, **beside}


def document(pages: int) -> Part:
    """A content part with a PDF in A4."""
    first, *others = [Image.new("L", (595, 842), 200) for _ in range(pages)]
    file = io.BytesIO()
    first.save(file, "PDF", save_all=True, append_images=others)
    url = data_uri(file.getvalue(), "application/pdf")
    return {"type": "image_url", "image_url": {"url": url}}


@pytest.mark.parametrize(
    ("request_body", "kind", "tokens"),
    [
        (body(picture(1024, 406), model="qvq-max", stream=True), "image", 520),
        (body(picture(3000, 2000)), "image", 2503),
        (body(picture(3000, 2000, max_pixels=262_144)), "image", 19 * 13 + 2),
        (body(picture(4096, 4096), vl_high_resolution_images=True), "image", 16_386),
        (body(picture(4096, 2048), model="qwen-vl-ocr"), "image", 8194),
        (body(document(2)), "image", 2 * 2522),
        (body(clip(3)), "video", 3 * 10 * 7 + 2),
        (body(clip(3, fps=10)), "video", 15 * 10 * 7 + 2),
        (body(frames(5)), "video", 3 * 20 * 11 + 2),
    ],
    ids=["qvq", "photo", "limit", "high", "ocr", "pdf", "clip", "fps", "frames"],
)
def test_usage_counts_the_tokens_of_the_dialect(
    serve: Serve, call: Call, *, request_body: dict[str, Any], kind: str, tokens: int
) -> None:
    request_body["stream_options"] = {"include_usage": True} if "stream" in request_body else None
    status, _, answer = call(serve(), body=request_body)
    assert status == 200
    if "stream" in request_body:
        answer = answer.split(b"data: ")[-2]
    details = json.loads(answer)["usage"]["prompt_tokens_details"]
    assert details[f"{kind}_tokens"] == tokens


def test_a_receipt_lists_every_item_in_order(serve: Serve, call: Call) -> None:
    request = body(picture(300, 200), clip(2), frames(4), document(2), media_receipt=True)
    receipt = json.loads(call(serve(), body=request)[2])["media_receipt"]
    assert [item["kind"] for item in receipt] == ["image", "video", "frames", "page", "page"]
    assert [item["index"] for item in receipt] == [0, 1, 2, 3, 4]
    assert receipt[0]["original_size"] == [300, 200]
    assert receipt[1]["frames"] == 4
    assert receipt[4]["page"] == 2


@pytest.mark.parametrize(
    ("part", "code", "text"),
    [
        (picture(10, 400, "png"), "invalid_parameter_error", "must be larger than 10]"),
        (picture(3000, 11, "png"), "invalid_parameter_error", "must be smaller than 200, got"),
        (picture(64, 64, "ppm"), "InvalidParameter.DataInspection", "format is not supported"),
        (picture(64, 64, max_pixels=1), "invalid_parameter_error", "Range of max_pixels"),
        (clip(1), "invalid_parameter_error", "The video file is too short."),
        (clip(2, fps=11), "invalid_parameter_error", "Range of fps should be [0.1, 10]"),
        (frames(3), "invalid_parameter_error", "shoule be (4, 2000)."),
        (
            {"type": "video_url", "video_url": {"url": data_uri(b"words")}},
            "invalid_parameter_error",
            "Invalid video file.",
        ),
        (
            {"type": "image_url", "image_url": "/etc/hostname"},
            "invalid_parameter_error",
            "The provided URL does not appear to be valid.",
        ),
    ],
    ids=["small", "thin", "ppm", "pixels", "short", "fps", "list", "words", "path"],
)
def test_what_cannot_be_used_is_refused_with_the_texts_of_the_dialect(
    serve: Serve, call: Call, *, part: Part, code: str, text: str
) -> None:
    status, _, answer = call(serve(), body=body(part))
    error = json.loads(answer)["error"]
    assert (status, error["code"]) == (400, code)
    assert text in error["message"]
    assert error["param"].startswith("messages[0].content[0]")
