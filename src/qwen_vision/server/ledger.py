"""Ledger: what each key used in each of the last sixty seconds, in memory that workers share."""

import fcntl
import math
import mmap
import tempfile
from typing import Final

# A minute of whole seconds: what was used in one counts until the same one of the next minute.
MINUTE_S: Final = 60
_WORD_BYTES: Final = 8
# An account is the second it was last used in, then a minute of requests and one of tokens.
_REQUESTS: Final = 1
_TOKENS: Final = _REQUESTS + MINUTE_S
_WORDS: Final = _TOKENS + MINUTE_S


class Ledger:
    """Memory for `accounts`; processes that are forked later see the same.

    As a `with` block it is open for one writer at a time. The kernel opens it again when a
    process is killed in the block, and no figure depends on another: nothing is left to mend.
    """

    def __init__(self, accounts: int) -> None:
        size_bytes = accounts * _WORDS * _WORD_BYTES
        # Kept open: its lock is what keeps writers apart, its pages are the memory.
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        self._file.truncate(size_bytes)
        self._number = self._file.fileno()
        self.words = memoryview(mmap.mmap(self._number, size_bytes)).cast("q")

    def close(self) -> None:
        """Let go of it in this process; safe to call twice."""
        self._file.close()

    def __enter__(self) -> None:
        """Wait for the other writers, which take microseconds."""
        fcntl.lockf(self._number, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        """Let the next one in."""
        fcntl.lockf(self._number, fcntl.LOCK_UN)


class Minute:
    """The last sixty seconds of one account. Only for use inside the ledger's `with` block."""

    def __init__(self, ledger: Ledger, account: int) -> None:
        start = account * _WORDS
        self._words = ledger.words[start : start + _WORDS]

    def turn_to(self, now_s: float) -> None:
        """Forget what is a minute old."""
        words = self._words
        last, now = words[0], int(now_s)
        # A clock read before another worker's, but used after it, is a little behind.
        for second in range(max(last + 1, now - MINUTE_S + 1), now + 1):
            place = second % MINUTE_S
            words[_REQUESTS + place] = words[_TOKENS + place] = 0
        words[0] = max(last, now)

    @property
    def requests(self) -> int:
        """Requests of this minute."""
        return sum(self._words[_REQUESTS:_TOKENS])

    @property
    def tokens(self) -> int:
        """Tokens of this minute, those set aside included."""
        return sum(self._words[_TOKENS:])

    @property
    def second(self) -> int:
        """The second that is written to."""
        return self._words[0]

    def add_request(self) -> None:
        """Count one request now."""
        self._words[_REQUESTS + self.second % MINUTE_S] += 1

    def add_tokens(self, count: int, *, second: int) -> None:
        """Count tokens in a second, which may be over; nothing when that is a minute ago."""
        if second > self.second - MINUTE_S:
            self._words[_TOKENS + second % MINUTE_S] += count

    def requests_fit_after_s(self, limit: int, *, now_s: float) -> int:
        """Seconds until one request more is within the limit."""
        return self._wait_s(_REQUESTS, over=self.requests + 1 - limit, now_s=now_s)

    def tokens_fit_after_s(self, limit: int, count: int, *, now_s: float) -> int:
        """Seconds until so many tokens more are within the limit."""
        return self._wait_s(_TOKENS, over=self.tokens + count - limit, now_s=now_s)

    def _wait_s(self, column: int, *, over: int, now_s: float) -> int:
        """Seconds until so much of what was used has been a minute ago."""
        for second in range(self.second - MINUTE_S + 1, self.second + 1):
            over -= self._words[column + second % MINUTE_S]
            if over <= 0:
                return max(1, math.ceil(second + MINUTE_S - now_s))
        return MINUTE_S
