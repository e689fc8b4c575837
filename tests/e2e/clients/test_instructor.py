"""Instructor: a picture becomes a pydantic model, in each of its ways."""

from typing import Any

import pytest

from tests.e2e.clients.conftest import TOTAL, Package

pytestmark = pytest.mark.filterwarnings("default")


@pytest.mark.parametrize("mode", ["TOOLS", "JSON", "JSON_SCHEMA", "MD_JSON"])
def test_picture_becomes_a_model(
    package: Package, url: str, *, turn: list[dict[str, Any]], mode: str
) -> None:
    instructor = package("instructor")
    wanted = package("pydantic").create_model("Receipt", total=(float, ...), date=(str, ...))
    with package("openai").OpenAI(base_url=url, api_key="sk-any", max_retries=0) as sdk:
        client = instructor.from_openai(sdk, mode=instructor.Mode[mode])
        receipt = client.chat.completions.create(
            model="qwen3-vl-plus", messages=turn, response_model=wanted, max_retries=1
        )
    assert receipt.total == float(TOTAL)
    assert "2026-03-14" in receipt.date
