"""What the pages show of the wire, asked of a server and compared."""

import http.client
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pybase64

from qwen_vision.engines import base
from qwen_vision.protocol import chunk, completion, request
from qwen_vision.protocol.native import NativeRequest
from tests.pages.blocks import ROOT, Block
from tests.pages.shapes import differences, same_words

_CHAT = "/v1/chat/completions"
_NATIVE = "/api/v1/services/aigc/multimodal-generation/generation"
_MODULES = (base, chunk, completion, request)


@dataclass(frozen=True)
class Wire:
    """A server at `url`; each block is known by what stands in it."""

    url: str

    @staticmethod
    def knows(block: Block) -> bool:
        """Whether there is a check for a block."""
        return _kind(block) is not None

    def faults(self, block: Block) -> list[str]:
        """Where a block is not what the server takes or says; empty when all is true."""
        return _CHECKS[_kind(block) or ""](self, block.text)

    def question(self, model: str = "qwen3.6-plus") -> dict[str, Any]:
        """A request about a picture."""
        part = {"type": "image_url", "image_url": {"url": _picture()}}
        content = [part, {"type": "text", "text": "What is this?"}]
        return {"model": model, "messages": [{"role": "user", "content": content}]}

    def native_question(self, **parameters: object) -> dict[str, Any]:
        """The same in the native dialect."""
        content = [{"image": _picture()}, {"text": "What is this?"}]
        messages = [{"role": "user", "content": content}]
        said = {"model": "qwen3.6-plus", "input": {"messages": messages}}
        return {**said, "parameters": parameters}

    def policy(self) -> dict[str, Any]:
        """A permission to upload."""
        status, text = self.exchange("GET", "/api/v1/uploads?action=getPolicy&model=qwen-vl-plus")
        assert status == 200, text
        found: dict[str, Any] = json.loads(text)
        return found

    def ask(self, path: str, body: object, *, status: int = 200) -> dict[str, Any]:
        """The JSON the server says to a JSON body."""
        found, text = self.exchange("POST", path, json.dumps(body))
        assert found == status, text
        answer: dict[str, Any] = json.loads(text)
        return answer

    def exchange(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str]:
        """Status and body of one request; `content_type` and so on are headers."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        try:
            said = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Authorization": "Bearer any", **said})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def _completion(wire: Wire, shown: str) -> list[str]:
    return differences(json.loads(shown), wire.ask(_CHAT, wire.question()))


def _error(wire: Wire, shown: str) -> list[str]:
    told = wire.ask(_CHAT, wire.question("no-such-model"), status=404)
    return differences(json.loads(shown), told)


def _native_request(wire: Wire, shown: str) -> list[str]:
    wire.ask(_NATIVE, _with_media(json.loads(shown)))
    # A field that is not known would be passed over.
    kept = msgspec.to_builtins(msgspec.json.decode(shown, type=NativeRequest))
    return differences(json.loads(shown), kept)


def _native_answer(wire: Wire, shown: str) -> list[str]:
    return differences(json.loads(shown), wire.ask(_NATIVE, wire.native_question()))


def _native_error(wire: Wire, shown: str) -> list[str]:
    """Word for word, but for what the page leaves out."""
    told = wire.ask(_NATIVE, wire.native_question(temperature=2.0), status=400)
    return [key for key, words in json.loads(shown).items() if not same_words(words, told[key])]


def _native_stream(wire: Wire, shown: str) -> list[str]:
    """The first event is alike line by line, and its data are of one shape."""
    parameters = {"temperature": 2.0} if "event:error" in shown else {"incremental_output": True}
    body = json.dumps(wire.native_question(**parameters))
    _, text = wire.exchange("POST", _NATIVE, body, x_dashscope_sse="enable")
    *real, said = text.partition("\n\n")[0].splitlines()
    *lines, told = shown.rstrip().splitlines()
    if lines != real:
        return [f"the first event begins {real}"]
    data = [json.loads(line.removeprefix("data:").replace("{...}", "{}")) for line in (told, said)]
    return differences(*data)


def _policy(wire: Wire, shown: str) -> list[str]:
    return differences(json.loads(shown), wire.policy())


def _policy_document(wire: Wire, shown: str) -> list[str]:
    said = pybase64.b64decode(wire.policy()["data"]["policy"])
    return differences(json.loads(shown), json.loads(said))


def _storage_error(wire: Wire, shown: str) -> list[str]:
    """The same elements in the same order, and a message the storage really has."""
    data = wire.policy()["data"]
    fields = {"OSSAccessKeyId": data["oss_access_key_id"], "Signature": "forged"}
    fields |= {"policy": data["policy"], "key": f"{data['upload_dir']}/a.png", "file": "x"}
    body = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    form = "multipart/form-data; boundary=b"
    path = urlsplit(data["upload_host"]).path
    _, real = wire.exchange("POST", path, f"{body}--b--\r\n", content_type=form)
    tags = [re.findall(r"<[?/]?\w+", text) for text in (shown, real)]
    sources = [file.read_text("utf-8") for file in (ROOT / "src").rglob("*.py")]
    message = re.sub(r".*<Message>(.*)</Message>.*", r"\1", shown, flags=re.DOTALL).strip()
    known = any(message.rpartition(": ")[2] in text for text in sources)
    return [*([] if tags[0] == tags[1] else [real]), *([] if known else [message])]


def _flow(wire: Wire, shown: str) -> list[str]:
    """The types it names exist."""
    names = re.findall(r"\b[A-Z]\w+\b", shown)
    return [name for name in names if not any(hasattr(module, name) for module in _MODULES)]


def _scrape(wire: Wire, shown: str) -> list[str]:
    """What a scraper of these pages is told to fetch is there."""
    status, text = wire.exchange("GET", "/metrics")
    return [] if status == 200 and "qwen_vision_" in text else [text]


def _named(wire: Wire, shown: str) -> list[str]:
    """What we name, in metrics, traces and lines of the log, stands in the code."""
    sources = "\n".join(file.read_text("utf-8") for file in (ROOT / "src").rglob("*.py"))
    words = re.findall(r"\b(?:qwen_vision|gen_ai)[._][\w.]*\w|\b\w+(?==)|(?<=─ )\w+", shown)
    # A scraper sees these behind the name of a metric.
    stems = {re.sub(r"_(?:total|bucket|sum|count)$", "", word) for word in words}
    return [word for word in sorted(stems) if word.removeprefix("qwen_vision_") not in sources]


# What a JSON document on a page is, by the fields at its top.
_DOCUMENTS = {
    "completion": {"choices", "object", "usage"},
    "error": {"error"},
    "native request": {"model", "input"},
    "native answer": {"output", "usage"},
    "native error": {"code", "message"},
    "policy": {"data"},
    "policy document": {"expiration", "conditions"},
}


# What a text on a page is, by its form.
_TEXTS = {
    "native stream": r"\Aid:\d",
    "flow": r"\Abytes ->",
    "layers": r"\A +cli ",
    "names": r"\bqwen_vision_\w+\b|\A[\d-]+ [\d:,]+ INFO |\APOST /v1/\S+\n├─",
}


def _kind(block: Block) -> str | None:
    """What a block shows; None for what no check knows."""
    if block.language == "json":
        fields = json.loads(block.text).keys()
        return next((kind for kind, known in _DOCUMENTS.items() if known <= fields), None)
    if block.language == "xml":
        return "storage error" if "<Error>" in block.text else None
    if block.language == "yaml":
        return "scrape" if block.text.startswith("scrape_configs:") else None
    return next((kind for kind, form in _TEXTS.items() if re.search(form, block.text)), None)


def _layers(wire: Wire, shown: str) -> list[str]:
    """The layers of the drawing are those the architecture is checked for, in their order."""
    drawn = [re.split(r" {2,}", line.strip())[0] for line in shown.splitlines()]
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    real = settings["contracts"][0]["layers"]
    order = [_names(layer) for layer in drawn if re.match(r"\w", layer)]
    known = [_names(layer) for layer in real]
    return [str(layer) for layer in order if layer not in known] + (
        [] if sorted(order, key=known.index) == order else ["the order"]
    )


def _names(layer: str) -> set[str]:
    return set(layer.replace(" ", "").split("|"))


def _picture() -> str:
    data = (ROOT / "examples" / "sign.png").read_bytes()
    return f"data:image/png;base64,{pybase64.b64encode_as_string(data)}"


def _with_media(body: dict[str, Any]) -> dict[str, Any]:
    """A request whose references lead somewhere."""
    clip = pybase64.b64encode_as_string((ROOT / "examples" / "clip.mp4").read_bytes())
    for message in body["input"]["messages"]:
        for item in message["content"]:
            if "image" in item:
                item["image"] = _picture()
            if "video" in item:
                item["video"] = f"data:video/mp4;base64,{clip}"
    return body


_CHECKS: Mapping[str, Callable[[Wire, str], list[str]]] = {
    "completion": _completion,
    "error": _error,
    "native request": _native_request,
    "native answer": _native_answer,
    "native error": _native_error,
    "native stream": _native_stream,
    "policy": _policy,
    "policy document": _policy_document,
    "storage error": _storage_error,
    "flow": _flow,
    "layers": _layers,
    "scrape": _scrape,
    "names": _named,
}
