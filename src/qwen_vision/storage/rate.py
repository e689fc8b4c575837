"""Rate: how many requests a second each caller may make."""

import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

from qwen_vision.errors import RateLimitError

# Callers beyond this are forgotten, the quietest first: memory stays bounded.
_MAX_CALLERS: Final = 10_000


class Rate:
    """A bucket of `per_s` tokens for each caller, filled at that pace. For one event loop."""

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, caller: Hashable) -> None:
        """Count one request; raises RateLimitError over the pace."""
        now = time.monotonic()
        tokens, since = self._buckets.pop(caller, (float(self._per_s), now))
        tokens = min(float(self._per_s), tokens + (now - since) * self._per_s)
        allowed = tokens >= 1
        self._buckets[caller] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > _MAX_CALLERS:
            self._buckets.popitem(last=False)
        if not allowed:
            raise RateLimitError(retry_after_s=1)
