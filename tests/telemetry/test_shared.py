"""The folder in which workers share their figures."""

from pathlib import Path

from qwen_vision.telemetry.metrics import METRICS, REQUESTS, STAGE_SECONDS, STORAGE_BYTES, Figure
from qwen_vision.telemetry.metrics import WORKERS as WORKERS_METRIC
from qwen_vision.telemetry.shared import GONE_AFTER_S, FiguresFolder
from qwen_vision.telemetry.tally import Snapshot, Tally, Total

LABELS = ("/v1", "m", "e", "ok")


def _snapshot(count: int) -> Snapshot:
    tally = Tally()
    tally.add(REQUESTS, count, LABELS)
    tally.observe(STAGE_SECONDS, 0.02, ("whole", "e"))
    return tally.snapshot([Figure(WORKERS_METRIC, 1), Figure(STORAGE_BYTES, 100)])


def _total(folder: FiguresFolder, own: Snapshot, *, now_s: float) -> Total:
    return Total(METRICS, (own, *folder.others(now_s=now_s)))


def test_counts_add_up_and_what_is_shared_counts_once(tmp_path: Path) -> None:
    FiguresFolder(tmp_path, name="1").write(_snapshot(3))
    own = FiguresFolder(tmp_path, name="2")
    own.write(_snapshot(4))
    total = _total(own, _snapshot(5), now_s=tmp_path.stat().st_mtime)
    assert list(total.values(REQUESTS)) == [(LABELS, 8)]
    assert list(total.values(WORKERS_METRIC)) == [((), 2)]
    assert list(total.values(STORAGE_BYTES)) == [((), 100)]
    ((_, times),) = total.times(STAGE_SECONDS)
    assert (sum(times.counts), round(times.sum_s, 3)) == (2, 0.04)


def test_of_a_worker_that_is_gone_only_what_it_did_counts(tmp_path: Path) -> None:
    FiguresFolder(tmp_path, name="1").write(_snapshot(3))
    written_s = (tmp_path / "1.figures").stat().st_mtime
    own = FiguresFolder(tmp_path, name="2")
    total = _total(own, _snapshot(5), now_s=written_s + GONE_AFTER_S + 1)
    assert list(total.values(REQUESTS)) == [(LABELS, 8)]
    assert list(total.values(WORKERS_METRIC)) == [((), 1)]
