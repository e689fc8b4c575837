"""The page of metrics in Prometheus's text format."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from typing_extensions import override

from qwen_vision.telemetry.metrics import BUCKETS_S, Metric
from qwen_vision.telemetry.tally import Times, Total

_BOUNDS: Final = (*(f"{bound:g}" for bound in BUCKETS_S), "+Inf")


CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4.encode()


def write_page(total: Total) -> bytes:
    """The page, each metric with its type and help."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Total(total))
    return generate_latest(registry)


class _Total(Collector):
    """Shows a total as the library's families."""

    def __init__(self, total: Total) -> None:
        self._total = total

    @override
    def collect(self) -> Iterator[Family]:
        for metric in self._total.metrics:
            yield self._family(metric)

    def _family(self, metric: Metric) -> Family:
        match metric.kind:
            case "counter":
                counter = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
                for labels, value in self._total.values(metric):
                    counter.add_metric(labels, value)
                return counter
            case "gauge":
                gauge = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
                for labels, value in self._total.values(metric):
                    gauge.add_metric(labels, value)
                return gauge
            case "histogram":
                histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
                for labels, times in self._total.times(metric):
                    histogram.add_metric(labels, _buckets(times), times.sum_s)
                return histogram


def _buckets(times: Times) -> list[tuple[str, float]]:
    """Counts at most as long as each bound, as the format wants them."""
    return list(zip(_BOUNDS, map(float, accumulate(times.counts)), strict=True))
