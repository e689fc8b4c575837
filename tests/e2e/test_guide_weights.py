"""The guide's requests, answered by weights in the server's own process.

The weights are tiny and random: what they say is noise, so only the shape of the answers counts.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai import OpenAI

from tests.e2e.conftest import KEY, start_server
from tests.engines.llamacpp.tiny import write_model, write_projector

PICTURE = {"type": "image_url", "image_url": {"url": "/dog_and_girl.jpeg"}}
SECOND = {"type": "image_url", "image_url": {"url": "/chart.png"}}
CLIP = {"type": "video_url", "video_url": {"url": "/clip.mp4"}, "fps": 2}
FRAMES = {"type": "video", "video": [f"/frame{n}.jpg" for n in range(1, 5)], "fps": 2}
# Noise has no end of its own: a boolean leaves it no choice.
SCHEMA = {
    "type": "object",
    "properties": {"paid": {"type": "boolean"}},
    "required": ["paid"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "receipt", "schema": SCHEMA}}
REQUESTS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "picture": ([PICTURE], {"model": "qwen3-vl-plus"}),
    "two pictures": ([PICTURE, SECOND], {"model": "qwen3-vl-plus"}),
    "video": ([CLIP], {"model": "qwen3.6-plus"}),
    "frames": ([FRAMES], {"model": "qwen3.6-plus"}),
    "thinking": ([SECOND], {"model": "qwen3.6-plus", "extra_body": {"enable_thinking": True}}),
    "video reasoning": ([CLIP], {"model": "qvq-max"}),
    "high resolution": ([PICTURE], {"extra_body": {"vl_high_resolution_images": True}}),
    "schema": ([PICTURE], {"response_format": FORMAT}),
    "stream": ([PICTURE], {"model": "qwen3-vl-plus"}),
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAI]:
    """A client of a server that runs the weights for every model."""
    pytest.importorskip("xllamacpp", reason="pip install 'qwen-vision[llamacpp]'")
    folder = tmp_path_factory.mktemp("llamacpp")
    model, projector = write_model(folder / "m.gguf"), write_projector(folder / "p.gguf")
    (folder / "qwen-vision.toml").write_text("[weights]\nslots = 1\ncontext_tokens = 16384\n")
    engine = f"llamacpp:{model}:{projector}"
    process, url = start_server(folder, "--allow-private-network", "--engine", engine)
    with OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0) as client:
        yield client
    process.terminate()
    process.wait()


def on(files: str, part: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """The part with its addresses on the file server."""
    return json.loads(json.dumps(part).replace('"/', f'"{files}/'))


@pytest.mark.parametrize("name", REQUESTS)
def test_weights_of_ones_own_take_the_guides_requests(
    weights: OpenAI, files: str, name: str
) -> None:
    parts, more = REQUESTS[name]
    content = [on(files, part) for part in parts] + [{"type": "text", "text": "Look."}]
    stream = weights.chat.completions.create(
        **{
            "model": "qwen3.6-plus",
            "messages": [{"role": "user", "content": content}],
            "max_tokens": 24,
            "stream": True,
            "stream_options": {"include_usage": True},
            **more,
        }
    )
    *chunks, last = list(stream)
    assert chunks[-1].choices[0].finish_reason in {"stop", "length"}
    assert chunks[0].choices[0].delta.role == "assistant"
    assert {chunk.system_fingerprint for chunk in chunks} != {None}
    details = last.usage.prompt_tokens_details
    seen = details.video_tokens if name in {"video", "frames", "video reasoning"} else None
    assert (seen or details.image_tokens) > 0
    if name == "schema":
        said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        assert isinstance(json.loads(said)["paid"], bool)
