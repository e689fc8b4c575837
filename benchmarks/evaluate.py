"""Scores the embedded engine on a folder with a truth.json: `make eval DATA=folder`.

Each entry of truth.json is {id, file, task, truth}. What is asked for each task and how it is
scored stands in `EXAMS`; measures ending in `error` are better when smaller.
"""

import argparse
import asyncio
import json
import re
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import scores

if TYPE_CHECKING:
    from qwen_vision.pipeline.pipeline import Pipeline

MODEL = "qwen3-vl-plus"
OCR_MODEL = "qwen-vl-ocr"
# Languages whose scripts the engine's own reader knows.
SUPPORTED = {
    "en", "zh", "ja", "la", "multi-latin", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da",
    "no", "fi", "cs", "sk", "hu", "ro", "tr", "id", "ms",
}  # fmt: skip
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
Scores = dict[str, float]
Truth = dict[str, Any]


class Subject:
    """One file under examination and the pipeline that answers about it."""

    def __init__(self, pipeline: "Pipeline", path: Path) -> None:
        self._pipeline = pipeline
        self._path = path
        self.is_video = path.suffix.lower() in {".mp4", ".mov", ".mkv", ".webm", ".avi"}

    async def ask(
        self, question: str = "", *, model: str = MODEL, schema: dict[str, Any] | None = None
    ) -> str:
        """The answer's text."""
        from qwen_vision.protocol.messages import Message
        from qwen_vision.protocol.parts import ImagePart, TextPart, VideoPart
        from qwen_vision.protocol.request import ChatRequest, JsonSchemaFormat, ResponseFormat

        media = VideoPart(str(self._path)) if self.is_video else ImagePart(str(self._path))
        parts = [media, *([TextPart(question)] if question else [])]
        shape = JsonSchemaFormat(name="answer", schema=schema) if schema else None
        completion = await self._pipeline.complete(
            ChatRequest(
                model=model,
                messages=[Message("user", parts)],
                response_format=ResponseFormat("json_schema", shape) if shape else None,
            )
        )
        return str(completion.choices[0].message.content)


async def text_exam(subject: Subject, truth: Truth) -> Scores:
    given = await subject.ask(model=OCR_MODEL)
    if truth.get("text_metric") == "must_be_empty":
        return {"empty when blank": float(not scores.words(given))}
    found = {"word F1": scores.overlap_f1(scores.words(truth["text"]), scores.words(given))}
    if truth.get("text_metric", "cer") == "cer":
        fold = truth.get("case_sensitive") is False
        error = scores.character_error(truth["text"], given, fold_case=fold)
        found["character error"] = error
        if truth.get("lang") in SUPPORTED:
            found["supported scripts error"] = error
    return found


async def fields_exam(subject: Subject, truth: Truth) -> Scores:
    given = await subject.ask(model=OCR_MODEL)
    found = {}
    if truth.get("text"):
        found["word F1"] = scores.overlap_f1(scores.words(truth["text"]), scores.words(given))
    properties = {name: _leaf_schema(value) for name, value in truth["fields"].items()}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    filled = json.loads(await subject.ask("Extract the fields.", schema=schema))
    for name, value in truth["fields"].items():
        found[f"field {name}"] = float(scores.same_field(name, value, filled.get(name)))
    return found


def _leaf_schema(value: object) -> dict[str, Any]:
    """The schema of a field such as its true value; a date is asked for as one."""
    if isinstance(value, int | float):
        return {"type": ["number", "null"]}
    is_date = isinstance(value, str) and ISO_DATE.fullmatch(value)
    return {"type": ["string", "null"]} | ({"format": "date"} if is_date else {})


async def table_exam(subject: Subject, truth: Truth) -> Scores:
    given = await subject.ask("Convert the table to HTML.")
    cells = [scores.plain(cell).lower() for cell in truth["cells"]]
    return {
        "word F1": scores.overlap_f1(
            scores.words(" ".join(truth["cells"])), scores.words(re.sub("<[^>]+>", " ", given))
        ),
        "cell F1": scores.overlap_f1([cell for cell in cells if cell], scores.cells_of(given)),
        "rows right": float(len(re.findall("<tr", given)) == truth["n_rows"]),
    }


async def code_exam(subject: Subject, truth: Truth) -> Scores:
    given = await subject.ask("What does the code in this picture hold?")
    return {"payload right": float(scores.plain(truth["payload"]) in scores.plain(given))}


async def objects_exam(subject: Subject, truth: Truth) -> Scores:
    given = await subject.ask("What is in this image?")
    named = [scores.mentions(group, given) for group in truth["present"]]
    claimed = any(scores.mentions(group, given) for group in truth["absent"])
    found = {"present": sum(named) / len(named), "absent not claimed": float(not claimed)}
    for name, count in truth.get("counts", {}).items():
        answer = await subject.ask(f"How many {name} are in this image?")
        numbers = [int(number) for number in re.findall(r"\b\d+\b", answer)]
        close = any(abs(number - count) <= truth.get("count_tolerance", 0) for number in numbers)
        found.setdefault("counts", 0.0)
        found["counts"] += float(close) / len(truth["counts"])
    return found


async def video_exam(subject: Subject, truth: Truth) -> Scores:
    given = await subject.ask("How long is the video and what size does it have?")
    length = re.search(r"(\d+\.\d+) s long", given)
    size = re.search(r"(\d+) × (\d+)", given)
    sizes = truth.get("size_any_of", [[truth["width"], truth["height"]]])
    found = {
        "duration exact": float(
            length is not None and abs(float(length[1]) - truth["duration_s"]) <= 0.3
        ),
        "size exact": float(size is not None and [int(size[1]), int(size[2])] in sizes),
    }
    if truth.get("content"):
        text = await subject.ask("Describe what happens in this video.")
        named = [scores.mentions(group, text) for group in truth["content"]]
        found["content"] = sum(named) / len(named)
    return found


async def chart_exam(subject: Subject, truth: Truth) -> Scores:
    given = await subject.ask("What does this chart show?")
    numbers = [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?", given.replace("\u2212", "-"))]
    values = [
        value
        for row in truth["rows"]
        if isinstance(row, dict)
        for value in row.values()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    near = [any(abs(v - n) <= max(0.05 * abs(v), 0.02) for n in numbers) for v in values]
    return {"values": sum(near) / max(1, len(near))}


async def format_exam(subject: Subject, truth: Truth) -> Scores:
    from qwen_vision.errors import QwenVisionError

    try:
        given = await subject.ask("What size is this image in pixels?")
    except QwenVisionError as error:
        return {"opened or refused": float(error.status < 500)}
    width, height = truth.get("upright_size", (None, None))
    numbers = [int(number) for number in re.findall(r"\d+", given)]
    return {"opened or refused": 1.0, "upright size": float({width, height} <= set(numbers))}


async def malformed_exam(subject: Subject, truth: Truth) -> Scores:
    from qwen_vision.errors import QwenVisionError

    try:
        await subject.ask("Read the text.")
    except QwenVisionError as error:
        return {"clear error": float(error.status < 500)}
    return {
        "clear error": float(re.search(r"\b(?:200|ok)\b", str(truth.get("expect"))) is not None)
    }


EXAMS: dict[str, Callable[[Subject, Truth], Awaitable[Scores]]] = {
    "ocr_text": text_exam,
    "kv": fields_exam,
    "table_html": table_exam,
    "code": code_exam,
    "objects": objects_exam,
    "video": video_exam,
    "chart_data": chart_exam,
    "format": format_exam,
    "malformed": malformed_exam,
}


@dataclass
class Marks:
    """The scores of one folder and what they took."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    files: int = 0
    seconds: float = 0.0


async def evaluate(
    data: Path, *, only: str | None = None, details: bool = False
) -> dict[str, Marks]:
    """Marks by folder for every entry of truth.json, in its order."""
    from qwen_vision.engines.registry import build_engine
    from qwen_vision.media.door import MediaDoor
    from qwen_vision.pipeline.pipeline import Pipeline
    from qwen_vision.settings import EngineSettings, MediaSettings

    engine = build_engine("embedded", EngineSettings())
    pipeline = Pipeline(engine, MediaDoor(MediaSettings()), local_files=True)
    marks: dict[str, Marks] = defaultdict(Marks)
    for entry in json.loads((data / "truth.json").read_text("utf-8")):
        folder = entry["file"].partition("/")[0]
        exam = EXAMS.get(entry["task"])
        if exam is None or (only and only != folder):
            continue
        started = time.perf_counter()
        given = await exam(Subject(pipeline, data / entry["file"]), entry["truth"])
        marks[folder].seconds += time.perf_counter() - started
        marks[folder].files += 1
        for name, value in given.items():
            marks[folder].values[name].append(value)
        if details:
            shown = ", ".join(f"{name} {value:.2f}" for name, value in given.items())
            print(f"{entry['file']}: {shown}", file=sys.stderr, flush=True)
    await pipeline.aclose()
    return marks


def table(marks: dict[str, Marks]) -> Iterable[str]:
    """One line a measure; fields that few files have are summed up in one line."""
    yield f"{'folder':12} {'measure':24} {'score':>7} {'files':>6} {'seconds':>8}"
    for folder, mark in sorted(marks.items()):
        rare: list[float] = []
        fields = [len(values) for name, values in mark.values.items() if name.startswith("field ")]
        for name, values in mark.values.items():
            if name.startswith("field ") and len(values) * 2 < max(fields):
                rare += values
                continue
            yield _line(folder, name, values, mark=mark)
        if rare:
            yield _line(folder, "all other fields", rare, mark=mark)


def _line(folder: str, name: str, values: list[float], *, mark: Marks) -> str:
    mean = sum(values) / len(values)
    return f"{folder:12} {name:24} {mean:7.3f} {len(values):6} {mark.seconds:8.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluate", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with a truth.json")
    parser.add_argument("--only", help="score only this folder in it")
    parser.add_argument("--details", action="store_true", help="print each file to stderr")
    given = parser.parse_args()
    if not (given.data / "truth.json").is_file():
        parser.error(f"{given.data} holds no truth.json")
    marks = asyncio.run(evaluate(given.data, only=given.only, details=given.details))
    print("\n".join(table(marks)))
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = sum(mark.seconds for mark in marks.values())
    print(f"\n{seconds:.1f} s in all, peak memory {peak_kb / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
