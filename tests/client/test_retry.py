"""RetryRule: how long to wait, and when to give up."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from qwen_vision.client import RetryRule
from qwen_vision.client.retry import read_retry_after


def test_wait_doubles_and_jitter_only_lengthens_it() -> None:
    rule = RetryRule(retries=3, first_wait_s=2.0, jitter=0.5)
    for failures, low in ((1, 2.0), (2, 4.0), (3, 8.0)):
        wait_s = rule.wait_s(failures, status=503, code=None, retry_after_s=None)
        assert wait_s is not None
        assert low <= wait_s <= low * 1.5


def test_retry_after_wins_over_the_rule() -> None:
    assert RetryRule().wait_s(1, status=429, code=None, retry_after_s=7) == 7


@pytest.mark.parametrize(
    ("failures", "status", "code", "retry_after_s"),
    [
        (3, 429, None, None),
        (1, 400, None, None),
        (1, 429, "insufficient_quota", None),
        (1, 429, None, 61),
    ],
)
def test_rule_gives_up(
    *, failures: int, status: int, code: str | None, retry_after_s: int | None
) -> None:
    rule = RetryRule()
    wait_s = rule.wait_s(failures, status=status, code=code, retry_after_s=retry_after_s)
    assert wait_s is None


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    later = datetime.now(UTC) + timedelta(seconds=30)
    assert read_retry_after("12") == 12
    assert read_retry_after(format_datetime(later, usegmt=True)) in range(25, 31)
    assert read_retry_after(format_datetime(later.replace(tzinfo=None))) in range(25, 31)
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert read_retry_after("soon") is None
    assert read_retry_after(None) is None
