"""The meter against a plain list of times: what it lets through, and when it says to come back."""

import math
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from qwen_vision.errors import RateLimitError
from qwen_vision.server.meter import Meter
from qwen_vision.settings import RateSettings, ServerSettings

LIMIT = 3
WAITS_S = st.lists(
    st.floats(0, 90, allow_nan=False).map(lambda wait_s: round(wait_s, 2)), max_size=60
)


def admitted(meter: Meter) -> int | None:
    """None when a request is let in, else the seconds to wait."""
    try:
        meter.admit_key(None)
    except RateLimitError as error:
        return error.retry_after_s
    return None


@given(WAITS_S)
def test_it_lets_in_what_a_list_of_the_last_sixty_seconds_would(waits_s: Sequence[float]) -> None:
    now_s = 5000.0
    let_in: list[int] = []
    meter = Meter(ServerSettings(rates=RateSettings(LIMIT)), clock=lambda: now_s)
    for wait_s in waits_s:
        now_s += wait_s
        second = int(now_s)
        recent = sum(earlier > second - 60 for earlier in let_in)
        retry_after_s = admitted(meter)
        assert (retry_after_s is None) == (recent < LIMIT)
        if retry_after_s is None:
            let_in.append(second)
        else:
            free_s = let_in[-LIMIT] + 60
            assert retry_after_s == max(1, math.ceil(free_s - now_s)) <= 60
    meter.close()
