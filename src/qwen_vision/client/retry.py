"""When a failed request is tried again, and after how long."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import SystemRandom

RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
# These come as 429 too, but waiting seconds does not cure them, unless the server says so.
HOPELESS_CODES = frozenset({"insufficient_quota", "AllocationQuota.FreeTierOnly"})


@dataclass(frozen=True, slots=True)
class RetryRule:
    """How often and how patiently to try again.

    The wait before try n+1 is `first_wait_s` * 2^n, and up to `jitter` of it more, so that
    many clients do not come back in step. A server's Retry-After wins; over `longest_wait_s`
    the error is told at once instead.
    """

    retries: int = 2
    first_wait_s: float = 1.5
    jitter: float = 0.25
    longest_wait_s: float = 60.0

    def wait_s(
        self, failures: int, *, status: int, code: str | None, retry_after_s: float | None
    ) -> float | None:
        """Seconds to wait after this many failures (1 or more); None to give up."""
        if failures > self.retries or status not in RETRIED_STATUSES:
            return None
        if retry_after_s is not None:
            return retry_after_s if retry_after_s <= self.longest_wait_s else None
        if code in HOPELESS_CODES:
            return None
        wait_s = self.first_wait_s * 2.0 ** (failures - 1)
        return float(wait_s * (1 + self.jitter * SystemRandom().random()))


def read_retry_after(value: str | None) -> int | None:
    """Seconds in a Retry-After header, given as a number or as a date; None without one."""
    if not value:
        return None
    if value.strip().isdigit():
        return int(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0, round((when - datetime.now(UTC)).total_seconds()))
