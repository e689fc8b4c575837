"""`make eval` scores a folder: a small set drawn here keeps it honest."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[2]
LINES = ["HARBOUR TRADING LTD", "Date: 14/03/2024", "Rope   12.50", "Total   12.50"]


def draw(path: Path, lines: list[str]) -> None:
    picture = Image.new("RGB", (560, 320), "white")
    pen = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        pen.text((40, 30 + 64 * number), line, "black", ImageFont.load_default(30))
    picture.save(path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "bills").mkdir()
    draw(tmp_path / "bills" / "bill.png", LINES)
    draw(tmp_path / "bills" / "blank.png", [])
    (tmp_path / "bills" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    fields = {"company": "Harbour Trading Ltd", "date": "2024-03-14", "total": 12.5, "iban": "XX"}
    truth = [
        {"task": "kv", "file": "bills/bill.png", "truth": {"fields": fields}},
        {"task": "ocr_text", "file": "bills/bill.png", "truth": {"text": "\n".join(LINES)}},
        {
            "task": "ocr_text",
            "file": "bills/blank.png",
            "truth": {"text": "", "text_metric": "must_be_empty"},
        },
        {"task": "malformed", "file": "bills/broken.png", "truth": {"expect": "4xx"}},
    ]
    (tmp_path / "truth.json").write_text(json.dumps(truth), "utf-8")
    return tmp_path


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "benchmarks.evaluate", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )


def test_a_folder_is_scored_measure_by_measure(data: Path) -> None:
    done = run(str(data))
    assert done.returncode == 0, done.stderr
    scores = {
        line[13:37].strip(): float(line[37:45])
        for line in done.stdout.splitlines()
        if line.startswith("bills")
    }
    assert scores["word F1"] > 0.9
    assert scores["character error"] < 0.1
    assert scores["field company"] == 1
    assert scores["field date"] == 1
    assert scores["field total"] == 1
    assert scores["field iban"] == 0
    assert scores["empty when blank"] == 1
    assert scores["clear error"] == 1
    assert "peak memory" in done.stdout


def test_a_folder_without_truth_is_refused(tmp_path: Path) -> None:
    done = run(str(tmp_path))
    assert done.returncode == 2
    assert "no truth.json" in done.stderr
