"""The guide's tables, notes and answers to questions, each as something a caller sees."""

import json
import re
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.e2e.test_guide import Part, answer, image, text, user

MODELS = (
    "qwen3.6-plus",
    "qwen3.5-plus",
    "qwen3.5-flash",
    "qwen3-vl-plus",
    "qwen3-vl-flash",
    "qvq-max",
    "qwen-vl-ocr",
)
TOOL_MODELS = ("qwen3.6-plus", "qwen3.5-plus", "qwen3.5-flash", "qwen3-vl-plus", "qwen3-vl-flash")
TOTAL = "22.84"
RECEIPT = "O1CN01ktT8451iQutqReELT.jpg"
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "record_receipt",
        "description": "Record the total of a receipt.",
        "parameters": {
            "type": "object",
            "properties": {"total": {"type": "number"}},
            "required": ["total"],
        },
    },
}
TABLE = {
    "type": "object",
    "properties": {
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "description": {"type": "string"},
                    "quantity": {"type": "integer"},
                    "amount": {"type": "number"},
                },
                "required": ["description", "quantity", "amount"],
            },
        }
    },
    "required": ["rows"],
}
FORMAT: Any = {"type": "json_schema", "json_schema": {"name": "table", "schema": TABLE}}


def asked(client: OpenAI, *parts: Part, **more: Any) -> Any:  # noqa: ANN401 - SDK parameters
    return client.chat.completions.create(
        **{"model": "qwen3-vl-plus", "messages": user(*parts), **more}
    )


def receipt(files: str) -> Part:
    return image(f"{files}/{RECEIPT}")


def sign(files: str) -> Part:
    return image(f"{files}/dog_and_girl.jpeg")


def image_tokens(client: OpenAI, part: Part, **more: Any) -> int:  # noqa: ANN401 - SDK parameters
    usage = asked(client, part, text("What is the total?"), **more).usage
    return int(usage.prompt_tokens_details.image_tokens)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_of_the_guide_answers(client: OpenAI, files: str, model: str) -> None:
    stream = asked(
        client,
        receipt(files),
        text("What is the total?"),
        model=model,
        stream=True,
        temperature=0.1,
    )
    deltas = [chunk.choices[0].delta for chunk in stream if chunk.choices]
    assert TOTAL in "".join(delta.content or "" for delta in deltas)


def test_text_is_located_in_thousandths(client: OpenAI, files: str) -> None:
    resp = asked(client, sign(files), text('Where is "Platform 7"? Give the bbox coordinates.'))
    found = re.search(r"\[.*\]", answer(resp), re.DOTALL)
    assert found is not None, answer(resp)
    [place] = json.loads(found[0])
    left, top, right, bottom = place["bbox_2d"]
    assert place["label"] == "Platform 7"
    assert 80 < left < 150 < 550 < right < 650
    assert 200 < top < 280 < 430 < bottom < 530


@pytest.mark.parametrize(("words", "mark"), [("qwenvl html", "data-bbox"), ("qwenvl markdown", "")])
def test_a_document_is_parsed(client: OpenAI, files: str, *, words: str, mark: str) -> None:
    said = answer(asked(client, sign(files), text(words)))
    assert "Platform 7" in said
    assert "Trains to Riverside" in said
    assert mark in said


@pytest.mark.parametrize("model", ["qwen3.6-plus", "qwen3.5-plus", "qwen3-vl-plus"])
def test_a_table_becomes_rows_of_a_schema(client: OpenAI, files: str, model: str) -> None:
    resp = asked(
        client,
        image(f"{files}/invoice.jpg"),
        text("Extract the table."),
        model=model,
        response_format=FORMAT,
        extra_body={"enable_thinking": False},
    )
    rows = json.loads(answer(resp))["rows"]
    assert [(row["quantity"], row["amount"]) for row in rows] == [
        (2, 378),
        (3, 193.5),
        (10, 122),
        (1, 240),
    ]
    assert rows[1]["description"] == "LED ring light"


def test_the_words_of_a_chart_are_read(client: OpenAI, files: str) -> None:
    said = answer(asked(client, image(f"{files}/chart.png"), text("What does this chart show?")))
    assert "Visitors to the museum in 2025" in said


@pytest.mark.parametrize("model", TOOL_MODELS)
def test_an_agent_is_told_which_tool_to_call(client: OpenAI, files: str, model: str) -> None:
    resp = asked(client, receipt(files), text("Record the receipt."), model=model, tools=[TOOL])
    (call,) = resp.choices[0].message.tool_calls
    assert resp.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "record_receipt"
    assert json.loads(call.function.arguments) == {"total": float(TOTAL)}


def test_a_later_turn_remembers_the_picture(client: OpenAI, files: str) -> None:
    first = user(receipt(files), text("What is in this image?"))
    said = answer(client.chat.completions.create(model="qwen3-vl-plus", messages=first))
    resp = client.chat.completions.create(
        model="qwen3-vl-plus",
        messages=[
            *first,
            {"role": "assistant", "content": said},
            {"role": "user", "content": "What is the total?"},
        ],
    )
    assert TOTAL in answer(resp)


def test_json_mode_gives_json(client: OpenAI, files: str) -> None:
    resp = asked(
        client,
        receipt(files),
        text("What is the total? Answer in JSON."),
        response_format={"type": "json_object"},
    )
    assert TOTAL in json.loads(answer(resp))["total"]


def test_the_answer_is_in_the_language_of_the_question(client: OpenAI, files: str) -> None:
    said = answer(asked(client, receipt(files), text("总金额是多少？"), model="qwen3-vl-flash"))
    assert TOTAL in said
    assert "总金额" in said


def test_ocr_needs_no_question(client: OpenAI, files: str) -> None:
    resp = asked(client, sign(files), model="qwen-vl-ocr")
    assert answer(resp).split("\n") == ["Platform 7", "Trains to Riverside"]


def test_max_tokens_ends_the_answer(client: OpenAI, files: str) -> None:
    resp = asked(client, receipt(files), text("Read all the text."), max_tokens=12)
    assert resp.choices[0].finish_reason == "length"
    assert resp.usage.completion_tokens <= 12


def test_detail_and_pixel_limits_inside_the_url_save_tokens(client: OpenAI, files: str) -> None:
    url = f"{files}/{RECEIPT}"
    plain = image_tokens(client, image(url))
    low = image_tokens(client, {"type": "image_url", "image_url": {"url": url, "detail": "low"}})
    most: Any = {"type": "image_url", "image_url": {"url": url, "max_pixels": 131_072}}
    least: Any = {"type": "image_url", "image_url": {"url": url, "min_pixels": 2_000_000}}
    assert image_tokens(client, most) < low < plain < image_tokens(client, least)
    # With high resolution the limits inside do not count.
    high = image_tokens(client, most, extra_body={"vl_high_resolution_images": True})
    assert high == plain


@pytest.mark.parametrize(
    ("model", "more", "thinks"),
    [
        ("qwen3.6-plus", {}, True),
        ("qwen3.5-plus", {}, True),
        ("qwen3.5-flash", {}, True),
        ("qwen3.6-plus", {"enable_thinking": False}, False),
        ("qwen3-vl-plus", {}, False),
        ("qwen3-vl-plus", {"enable_thinking": True}, True),
    ],
)
def test_thinking_is_on_where_the_guide_says(
    client: OpenAI, files: str, *, model: str, more: dict[str, Any], thinks: bool
) -> None:
    question = text("What is the total?")
    resp = asked(client, receipt(files), question, model=model, extra_body=more)
    message = resp.choices[0].message
    assert bool(getattr(message, "reasoning_content", None)) is thinks
    assert TOTAL in message.content


def test_a_thinking_budget_bounds_the_thought(client: OpenAI, files: str) -> None:
    question = text("What is the total?")
    more = {"enable_thinking": True, "thinking_budget": 20}
    resp = asked(client, receipt(files), question, model="qwen3.6-plus", extra_body=more)
    assert 0 < resp.usage.completion_tokens_details.reasoning_tokens <= 20
    assert TOTAL in answer(resp)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"model": "qvq-max"}, "only support stream mode"),
        (
            {"response_format": FORMAT, "extra_body": {"enable_thinking": True}},
            "Json mode response is not supported when enable_thinking is true",
        ),
        ({"temperature": 2}, "Temperature should be in"),
    ],
    ids=["qvq without a stream", "schema while thinking", "temperature"],
)
def test_what_the_guide_rules_out_is_refused(
    client: OpenAI, files: str, *, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=words):
        asked(client, receipt(files), text("Hi"), **more)


def test_a_path_is_no_url(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="URL does not appear to be valid"):
        asked(client, image("/etc/hostname"), text("Hi"))


def test_a_data_uri_over_ten_megabytes_is_refused(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="max bytes per data-uri item : 10485760"):
        asked(client, image("data:image/jpeg;base64," + "A" * 10_485_761), text("Hi"))
