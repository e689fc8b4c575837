"""Tally: counts what has happened in this process; snapshots of several add up to one."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from msgspec import Struct, field

from qwen_vision.telemetry.metrics import BUCKETS_S, Figure, LabelValues, Metric

_Series: TypeAlias = dict[LabelValues, float]


class Times(Struct):
    """How often something took how long: a count for each bucket, the last one without end."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    sum_s: float = 0.0

    def add_all(self, other: "Times") -> None:
        """Count all that another has counted."""
        self.counts = [
            ours + theirs for ours, theirs in zip(self.counts, other.counts, strict=True)
        ]
        self.sum_s += other.sum_s


class ValueRow(Struct, array_like=True):
    """A value of one metric under its labels."""

    metric: str
    labels: list[str]
    value: float


class TimesRow(Struct, array_like=True):
    """The times of one metric under its labels."""

    metric: str
    labels: list[str]
    times: Times


class Snapshot(Struct):
    """All figures of one process at one moment."""

    values: list[ValueRow] = field(default_factory=list)
    times: list[TimesRow] = field(default_factory=list)


class Tally:
    """Counters and histograms by metric and labels. Not safe across threads: one loop's own."""

    def __init__(self) -> None:
        """Nothing has happened."""
        self._values: dict[Metric, _Series] = {}
        self._times: dict[Metric, dict[LabelValues, Times]] = {}

    def add(self, metric: Metric, amount: float = 1, labels: LabelValues = ()) -> None:
        """Count `amount` more."""
        series = self._values.get(metric)
        if series is None:
            series = self._values[metric] = {}
        series[labels] = series.get(labels, 0) + amount

    def observe(self, metric: Metric, seconds: float, labels: LabelValues = ()) -> None:
        """Count one that took so long."""
        series = self._times.get(metric)
        if series is None:
            series = self._times[metric] = {}
        times = series.get(labels)
        if times is None:
            times = series[labels] = Times()
        times.counts[bisect_left(BUCKETS_S, seconds)] += 1
        times.sum_s += seconds

    def snapshot(self, figures: Iterable[Figure] = ()) -> Snapshot:
        """All that was counted, and `figures` that hold now."""
        values = [
            ValueRow(metric.name, list(labels), value)
            for metric, series in self._values.items()
            for labels, value in series.items()
        ]
        values += [
            ValueRow(figure.metric.name, list(figure.labels), figure.value) for figure in figures
        ]
        times = [
            TimesRow(metric.name, list(labels), times)
            for metric, series in self._times.items()
            for labels, times in series.items()
        ]
        return Snapshot(values, times)


class Total:
    """Snapshots of all workers, added up."""

    def __init__(self, metrics: Iterable[Metric], snapshots: Iterable[Snapshot]) -> None:
        """Add `snapshots`; rows of a metric that is not among `metrics` are left out."""
        self.metrics = tuple(metrics)
        known = {metric.name: metric for metric in self.metrics}
        self._values: dict[Metric, _Series] = {metric: {} for metric in self.metrics}
        self._times: dict[Metric, dict[LabelValues, Times]] = {
            metric: {} for metric in self.metrics
        }
        for snapshot in snapshots:
            for row in snapshot.values:
                if row.metric in known:
                    self._take(known[row.metric], tuple(row.labels), row.value)
            for times in snapshot.times:
                if times.metric in known:
                    series = self._times[known[times.metric]]
                    series.setdefault(tuple(times.labels), Times()).add_all(times.times)

    def values(self, metric: Metric) -> Iterator[tuple[LabelValues, float]]:
        """Values of a metric, in the order of their labels."""
        yield from sorted(self._values[metric].items())

    def times(self, metric: Metric) -> Iterator[tuple[LabelValues, Times]]:
        """Times of a metric, in the order of their labels."""
        for labels in sorted(self._times[metric]):
            yield labels, self._times[metric][labels]

    def _take(self, metric: Metric, labels: LabelValues, value: float) -> None:
        series = self._values[metric]
        before = series.get(labels, 0)
        series[labels] = max(before, value) if metric.shared else before + value
