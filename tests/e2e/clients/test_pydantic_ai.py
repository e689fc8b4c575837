"""Pydantic AI, through its Alibaba provider: pictures, streams, typed output, tools."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clients.conftest import QUESTION, TOTAL, Package

pytestmark = pytest.mark.filterwarnings("default")


def agent(package: Package, url: str, **more: Any) -> Any:  # noqa: ANN401 - may be absent
    provider = package("pydantic_ai.providers.alibaba").AlibabaProvider
    # The dialect knows no "required" tool; without this line its 400 says so.
    profile = {
        "openai_supports_tool_choice_required": False,
        "supports_json_schema_output": True,
    }
    model = package("pydantic_ai.models.openai").OpenAIChatModel(
        "qwen3-vl-plus", provider=provider(api_key="sk-any", base_url=url), profile=profile
    )
    return package("pydantic_ai").Agent(model, **more)


def prompt(package: Package, receipt: Path, words: str = QUESTION) -> list[Any]:
    picture = package("pydantic_ai").BinaryContent(receipt.read_bytes(), media_type="image/png")
    return [words, picture]


async def test_answer(package: Package, url: str, receipt: Path) -> None:
    result = await agent(package, url).run(prompt(package, receipt))
    assert TOTAL in result.output
    assert result.usage.total_tokens > 0


async def test_stream(package: Package, url: str, receipt: Path) -> None:
    async with agent(package, url).run_stream(prompt(package, receipt)) as result:
        assert TOTAL in await result.get_output()


@pytest.mark.parametrize("way", ["NativeOutput", "PromptedOutput"])
async def test_typed_output(package: Package, url: str, *, receipt: Path, way: str) -> None:
    wanted = package("pydantic").create_model("Receipt", total=(float, ...), date=(str, ...))
    output = getattr(package("pydantic_ai"), way)(wanted)
    words = "Extract the receipt: total and date."
    result = await agent(package, url, output_type=output).run(prompt(package, receipt, words))
    assert result.output.total == float(TOTAL)
    assert "2026-03-14" in result.output.date


async def test_tool(package: Package, url: str, receipt: Path) -> None:
    kept: list[float] = []

    def record_receipt(total: float) -> str:
        """Record the total of a receipt."""
        kept.append(total)
        return "Recorded as number 7."

    words = "Record the total of this receipt."
    asked = agent(package, url, tools=[record_receipt]).run(prompt(package, receipt, words))
    assert "number 7" in (await asked).output
    assert kept == [float(TOTAL)]
