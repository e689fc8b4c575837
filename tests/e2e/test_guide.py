"""The guide's code, block by block, through every engine; only addresses and the key differ.

The answers are real: the pictures are the guide's names with our contents, and every
assertion is about what a picture says.
"""

import base64
from pathlib import Path

import pytest
from openai import OpenAI
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionContentPartParam,
    ChatCompletionMessageParam,
)

from tests.e2e.conftest import Script, Site

Part = ChatCompletionContentPartParam


def image(url: str) -> Part:
    return {"type": "image_url", "image_url": {"url": url}}


def text(words: str) -> Part:
    return {"type": "text", "text": words}


def user(*parts: Part) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": list(parts)}]


def film(url: str, *, fps: float) -> Part:
    # The SDK's types know no videos; on the wire they are parts like any other.
    return {"type": "video_url", "video_url": {"url": url}, "fps": fps}  # type: ignore[return-value]


def frame_list(urls: list[str], *, fps: float) -> Part:
    return {"type": "video", "video": urls, "fps": fps}  # type: ignore[return-value]


def answer(response: ChatCompletion) -> str:
    content = response.choices[0].message.content
    assert content is not None
    return content


def test_image_understanding(client: OpenAI, files: str) -> None:
    resp = client.chat.completions.create(
        model="qwen3-vl-plus",
        messages=user(text("What is in this image?"), image(f"{files}/dog_and_girl.jpeg")),
    )
    assert "Platform 7" in answer(resp)
    assert "Trains to Riverside" in answer(resp)


def test_local_image_in_base64(
    client: OpenAI, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(media)
    with open("local_image.jpg", "rb") as f:  # noqa: PTH123 - as the guide writes it
        b64 = base64.b64encode(f.read()).decode()
    resp = client.chat.completions.create(
        model="qwen3-vl-plus",
        messages=user(text("What is in this image?"), image(f"data:image/jpeg;base64,{b64}")),
    )
    assert "Platform 7" in answer(resp)


def test_multi_image_comparison(client: OpenAI, files: str) -> None:
    resp = client.chat.completions.create(
        model="qwen3-vl-plus",
        messages=user(
            text("Compare these two images."),
            image(f"{files}/dog_and_girl.jpeg"),
            image(f"{files}/O1CN01ktT8451iQutqReELT.jpg"),
        ),
    )
    said = answer(resp)
    assert "different" in said
    assert "Platform 7" in said
    assert "GREEN VALLEY MARKET" in said


def test_video_understanding_with_fps(client: OpenAI, files: str) -> None:
    resp = client.chat.completions.create(
        model="qwen3.6-plus",
        messages=user(
            film(f"{files}/video.mp4", fps=2), text("Describe what happens in this video.")
        ),
    )
    said = answer(resp)
    assert "2.00 s" in said
    assert said.index("Ready") < said.index("Go")
    assert resp.usage is not None
    assert resp.usage.prompt_tokens_details is not None
    # Four frames in pairs of 8 x 10 patches. The SDK's types do not know this detail.
    assert resp.usage.prompt_tokens_details.video_tokens == 2 * 8 * 10 + 2  # type: ignore[attr-defined]


def test_video_from_a_list_of_frames(client: OpenAI, files: str) -> None:
    frames = [f"{files}/frame{number}.jpg" for number in range(1, 5)]
    resp = client.chat.completions.create(
        model="qwen3.6-plus",
        messages=user(frame_list(frames, fps=2), text("Describe the action in this video.")),
    )
    said = answer(resp)
    # Four frames, one every half second.
    assert "2.00 s" in said
    places = [said.index(f"Step {number}") for number in range(1, 5)]
    assert places == sorted(places)


def test_thinking_with_a_picture(client: OpenAI, files: str) -> None:
    stream = client.chat.completions.create(
        model="qwen3.6-plus",
        messages=user(image(f"{files}/chart.png"), text("Analyze the trends step by step.")),
        stream=True,
        extra_body={"enable_thinking": True, "thinking_budget": 81920},
    )
    reasoning = ""
    said = ""
    for chunk in stream:
        if not chunk.choices:
            continue
        delta = chunk.choices[0].delta
        if hasattr(delta, "reasoning_content") and delta.reasoning_content:
            assert said == ""
            reasoning += delta.reasoning_content
        if delta.content:
            said += delta.content
    assert reasoning
    assert "Visitors to the museum in 2025" in said


def test_video_reasoning(client: OpenAI, files: str) -> None:
    stream = client.chat.completions.create(
        model="qvq-max",
        messages=user(
            film(f"{files}/clip.mp4", fps=2),
            text("Analyze what happens in this video and explain why."),
        ),
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    reasoning = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
    said = "".join(delta.content or "" for delta in deltas)
    assert "video 1" in reasoning
    assert "2.00 s" in said
    assert said.index("Ready") < said.index("Go")
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    details = chunks[-1].usage.completion_tokens_details
    assert details is not None
    assert details.reasoning_tokens


def test_video_reasoning_with_the_script(script: Script) -> None:
    result = script(
        "reason", {"prompt": "Analyze this video step by step", "video": "clip.mp4", "fps": 2}
    )
    assert result["model"] == "qvq-max"
    assert result["reasoning"]
    assert "Ready" in result["text"]


def test_video_reasoning_with_analyze(script: Script) -> None:
    prompt = "Analyze this video step by step"
    result = script("analyze", {"prompt": prompt, "video": "clip.mp4", "enable_thinking": True})
    assert result["model"] == "qwen3.6-plus"
    assert result["reasoning"]
    assert "Ready" in result["text"]


def test_high_resolution_mode(client: OpenAI, files: str) -> None:
    tokens = {}
    for high in (False, True):
        resp = client.chat.completions.create(
            model="qwen3.6-plus",
            messages=user(image(f"{files}/fine-text.jpg"), text("Read all text in this image.")),
            extra_body={"vl_high_resolution_images": high},
        )
        assert resp.usage is not None
        assert resp.usage.prompt_tokens_details is not None
        tokens[high] = resp.usage.prompt_tokens_details.image_tokens or 0
        if high:
            for number in range(1, 7):
                assert f"Clause {number}: the hirer pays {number * 11} pounds" in answer(resp)
    assert tokens[False] <= 2562
    # 3200 x 2000 pixels in patches of 32: nothing is lost.
    assert tokens[True] == 100 * 62 + 2


def test_structured_output_with_the_script(script: Script) -> None:
    schema = (
        '{"type":"object","properties":{"total":{"type":"string"},"date":{"type":"string"},'
        '"items":{"type":"array"}}}'
    )
    result = script(
        "analyze",
        {"prompt": "Extract invoice information", "image": "invoice.jpg"},
        "--schema",
        schema,
    )
    assert result["model"] == "qwen3.6-plus"
    assert "1,120.20" in result["json"]["total"]
    assert "2026-02-27" in result["json"]["date"]
    items = str(result["json"]["items"])
    for name in ("Microscope lens", "LED ring light", "Glass slides", "Calibration service"):
        assert name in items


def test_streaming_with_usage(
    client: OpenAI, files: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = client.chat.completions.create(
        model="qwen3-vl-plus",
        messages=user(text("Describe this image in detail."), image(f"{files}/dog_and_girl.jpeg")),
        stream=True,
        stream_options={"include_usage": True},
    )
    usages = []
    for chunk in stream:
        usages.append(chunk.usage)
        if chunk.choices and chunk.choices[0].delta.content:
            print(chunk.choices[0].delta.content, end="")  # noqa: T201 - as the guide does
    assert "Platform 7" in capsys.readouterr().out
    assert usages[-1] is not None
    assert usages[-1].total_tokens == usages[-1].prompt_tokens + usages[-1].completion_tokens
    assert set(usages[:-1]) == {None}


@pytest.mark.parametrize("name", ["clip.mp4", "local_image.jpg"])
def test_scripts_turn_local_paths_into_base64(script: Script, site: Site, name: str) -> None:
    kind = "video" if name.endswith("mp4") else "image"
    result = script("analyze", {"prompt": "What is written here?", kind: name})
    assert ("Ready" if kind == "video" else "Platform 7") in result["text"]
