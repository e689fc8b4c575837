"""The upstream engine tells its events in lists as well as one by one."""

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.engines.base import Finished, Prompt, TextDelta
from qwen_vision.engines.upstream.engine import UpstreamEngine
from qwen_vision.protocol.messages import Message
from qwen_vision.protocol.request import ChatRequest
from qwen_vision.settings import UpstreamSettings
from tests.engines.upstream.test_upstream import chunk, running, writes


async def test_events_in_lists_are_the_events_one_by_one() -> None:
    reply = writes(chunk("A "), chunk("cat.") + chunk("", "stop"), b"data: [DONE]\n\n")
    request = ChatRequest("qwen3-vl-plus", [Message("user", "What?")], stream=True)
    prompt = Prompt(request, find_model("qwen3-vl-plus"), turns=(), thinking=False)
    async with running(reply) as site:
        engine = UpstreamEngine(UpstreamSettings("gpu", (site.url,), profile="dashscope"))
        single = [event async for event in engine.run(prompt)]
        lists = [events async for events in engine.batches(prompt)]
        await engine.aclose()
    assert [event for events in lists for event in events] == single
    assert all(lists)
    assert [type(event) for event in single] == [TextDelta, TextDelta, Finished]
