"""`POST /estimate` over the wire."""

import base64
import io
import json
from collections.abc import Callable

import pytest
from PIL import Image

Serve = Callable[..., str]
Call = Callable[..., tuple[int, dict[str, str], bytes]]


def body(width: int) -> dict[str, object]:
    file = io.BytesIO()
    Image.new("RGB", (width, 64), "teal").save(file, "PNG")
    url = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    content = [{"type": "image_url", "image_url": url}, {"type": "text", "text": "What?"}]
    return {"model": "qwen3-vl-plus", "messages": [{"role": "user", "content": content}]}


@pytest.mark.parametrize("path", ["/v1/estimate", "/compatible-mode/v1/estimate"])
def test_an_estimate_equals_the_usage_over_the_wire(serve: Serve, call: Call, path: str) -> None:
    url = serve()
    status, _, said = call(url, path, body(128))
    estimate = json.loads(said)
    usage = json.loads(call(url, body=body(128))[2])["usage"]
    assert status == 200
    assert estimate["prompt_tokens"] == usage["prompt_tokens"]
    assert estimate["prompt_tokens_details"] == usage["prompt_tokens_details"]
    assert estimate["items"][0]["original_size"] == [128, 64]


def test_a_bad_picture_is_refused_at_its_place(serve: Serve, call: Call) -> None:
    status, _, said = call(serve(), "/v1/estimate", body(10))
    error = json.loads(said)["error"]
    assert (status, error["param"]) == (400, "messages[0].content[0]")
    assert "must be larger than 10" in error["message"]
