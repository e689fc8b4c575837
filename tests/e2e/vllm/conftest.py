"""A server of ours before a real vLLM, and what vLLM itself says of its runs."""

import re
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from openai import OpenAI

from tests.e2e.conftest import KEY, start_server

MODEL = "qwen3-vl-plus"
CONFIGURATION = """
engine = "upstream:vllm"
[upstream.vllm]
url = "{url}"
model = "tiny"
"""


@dataclass(frozen=True)
class Front:
    """Our server: a client of it, and the vLLM behind."""

    client: OpenAI
    far: str

    def ask(self, *content: Any, **fields: Any) -> Any:  # noqa: ANN401 - as the SDK
        """What the SDK returns for one turn of texts and parts."""
        parts = [{"type": "text", "text": c} if isinstance(c, str) else c for c in content]
        asked = {"model": MODEL, "messages": [{"role": "user", "content": parts}], **fields}
        return self.client.chat.completions.create(**asked)

    def finished(self) -> float:
        """How many runs vLLM has brought to their own end, or to that of their tokens."""
        return sum(
            self._figure(f'request_success_total{{.*finished_reason="{reason}".*}}')
            for reason in ("stop", "length")
        )

    def wait_until_idle(self) -> None:
        """Return once vLLM runs nothing."""
        while self._figure("num_requests_running{.*}"):
            time.sleep(0.05)

    def _figure(self, pattern: str) -> float:
        """The one figure of this name that vLLM publishes."""
        address = self.far.removesuffix("/v1") + "/metrics"
        with urllib.request.urlopen(address) as response:  # noqa: S310 - loopback
            (found,) = re.findall(
                rf"^vllm:{pattern} (\S+)$", response.read().decode(), re.MULTILINE
            )
        return float(found)


@pytest.fixture(scope="session")
def front(vllm: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One server of ours for all tests before vLLM."""
    folder = tmp_path_factory.mktemp("front")
    (folder / "qwen-vision.toml").write_text(CONFIGURATION.format(url=vllm))
    process, url = start_server(folder, "--allow-private-network")
    with OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0) as client:
        yield Front(client, vllm)
    process.terminate()
    process.wait()
