"""The OCR tasks of the native dialect, answered by the embedded engine."""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from qwen_vision.engines.registry import build_engine
from qwen_vision.settings import EngineSettings
from tests.server.site import Site

PATH = "/api/v1/services/aigc/multimodal-generation/generation"
RECEIPT = Path(__file__).parents[2] / "examples" / "receipt.png"


@pytest.fixture(scope="module")
def site(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Site:
    url = serve(engine=build_engine("embedded", EngineSettings()))
    return Site(url, tmp_path_factory.mktemp("uploads"))


def item_of(site: Site, picture: bytes, **options: object) -> dict[str, Any]:
    """The one item of the answer's content."""
    image = "data:image/png;base64," + base64.b64encode(picture).decode()
    messages = [{"role": "user", "content": [{"image": image, "enable_rotate": True}]}]
    request = {"model": "qwen-vl-ocr", "input": {"messages": messages}}
    if options:
        request["parameters"] = {"ocr_options": options}
    answer = site.call("POST", PATH, body=json.dumps(request))
    assert answer.status == 200, answer.body
    (item,) = answer.json["output"]["choices"][0]["message"]["content"]
    return dict(item)


def test_without_a_task_the_text_is_read(site: Site) -> None:
    item = item_of(site, RECEIPT.read_bytes())
    assert item.keys() == {"text"}
    assert "GREEN VALLEY MARKET" in item["text"]


def test_words_are_where_they_were_drawn(site: Site) -> None:
    page = Image.new("RGB", (900, 500), "white")
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(48)
    drawn = {}
    for text, place in (("Orchard Road", (60, 40)), ("Springfield", (420, 330))):
        draw.text(place, text, "black", font)
        drawn[text] = draw.textbbox(place, text, font)
    file = io.BytesIO()
    page.save(file, "PNG")
    item = item_of(site, file.getvalue(), task="advanced_recognition")
    words = {word["text"]: word for word in item["ocr_result"]["words_info"]}
    assert words.keys() == drawn.keys()
    for text, (left, top, right, bottom) in drawn.items():
        corners = [left, top, right, top, right, bottom, left, bottom]
        assert words[text]["location"] == pytest.approx(corners, abs=20)
        center = [(left + right) / 2, (top + bottom) / 2]
        assert words[text]["rotate_rect"][:2] == pytest.approx(center, abs=15)
        assert words[text]["rotate_rect"][4] == pytest.approx(0, abs=2)


def test_a_schema_is_filled_in(site: Site) -> None:
    schema = {"merchant": "", "total": "what was paid in all", "date": ""}
    item = item_of(
        site,
        RECEIPT.read_bytes(),
        task="key_information_extraction",
        task_config={"result_schema": schema},
    )
    found = item["ocr_result"]["kv_result"]
    assert found.keys() == schema.keys()
    assert "22.84" in found["total"]
    assert found["merchant"] == "GREEN VALLEY MARKET"


@pytest.mark.parametrize(
    ("task", "opening"), [("table_parsing", "```html\n<table>"), ("document_parsing", "```latex")]
)
def test_pages_are_told_in_the_tasks_markup(site: Site, *, task: str, opening: str) -> None:
    item = item_of(site, RECEIPT.read_bytes(), task=task)
    assert item["text"].startswith(opening)
    assert "Sourdough bread" in item["text"]
