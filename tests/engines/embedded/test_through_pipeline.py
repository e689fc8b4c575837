"""The embedded engine through the pipeline: what a request gives in the end."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest_asyncio

from qwen_vision.engines.registry import build_engine
from qwen_vision.media.door import MediaDoor
from qwen_vision.pipeline.pipeline import Pipeline
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.settings import EngineSettings, MediaSettings

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest_asyncio.fixture
async def pipeline() -> AsyncIterator[Pipeline]:
    settings = MediaSettings()
    engine = build_engine("embedded", EngineSettings(settings))
    pipeline = Pipeline(engine, MediaDoor(settings), local_files=True)
    yield pipeline
    await pipeline.aclose()


async def test_thinking_and_a_schema_give_the_trace_and_then_the_json(pipeline: Pipeline) -> None:
    schema = {
        "type": "object",
        "properties": {
            "total": {"type": "string"},
            "date": {"type": "string"},
            "items": {"type": "array"},
        },
    }
    parts = [
        {"type": "image_url", "image_url": {"url": str(EXAMPLES / "invoice.png")}},
        {"type": "text", "text": "Extract the fields."},
    ]
    body = {
        "model": "qwen3-vl-plus",
        "messages": [{"role": "user", "content": parts}],
        "enable_thinking": True,
        "structured_thinking": True,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "invoice", "schema": schema},
        },
    }
    completion = await pipeline.complete(msgspec.convert(body, ChatRequest))
    message = completion.choices[0].message
    assert str(message.reasoning_content).count("items: 4 rows read.") == 1
    filled = json.loads(str(message.content))
    assert filled["date"] == "2026-02-27"
    assert filled["items"][0] == {
        "Description": "Microscope lens 40x",
        "Quantity": "2",
        "Unit price": "189.00",
        "Amount": "378.00",
    }
    assert len(filled["items"]) == 4
