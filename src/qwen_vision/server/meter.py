"""Meter: how much each key may ask in a minute, the same in every worker."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from qwen_vision.errors import QuotaError, RequestLimitError
from qwen_vision.pipeline.pipeline import Run
from qwen_vision.server.exchange import Exchange
from qwen_vision.server.gate import bearer
from qwen_vision.server.ledger import Ledger, Minute
from qwen_vision.settings import RateSettings, ServerSettings

_FREE: Final[AbstractContextManager[None]] = nullcontext()


class Meter:
    """Counts requests and tokens of each key; of the whole server when it has no keys.

    Make it before the workers are forked: they share its figures.
    """

    def __init__(
        self, settings: ServerSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Count by the rates of `settings`; `clock` gives seconds and must not go back."""
        self._accounts: Mapping[str, Account] = {}
        self._everyone: Account | None = None
        # Sorted, so that the same key has the same place whoever asks.
        self._ledger = ledger = Ledger(max(1, len(settings.keys)))
        if settings.keys:
            self._accounts = {
                key: Account(ledger, number, rates=rates, clock=clock)
                for number, key in enumerate(sorted(settings.keys))
                if (rates := settings.key_rates.get(key, settings.rates)) != RateSettings()
            }
        elif settings.rates != RateSettings():
            self._everyone = Account(ledger, 0, rates=settings.rates, clock=clock)

    def close(self) -> None:
        """Let go of the figures in this process; safe to call twice."""
        self._ledger.close()

    def admit(self, exchange: Exchange) -> None:
        """Count a request whose key has been checked; raises RateLimitError over a limit."""
        account = self._account(exchange)
        if account is not None:
            account.admit()

    def admit_key(self, key: str | None) -> None:
        """Count a request that another proof than its key has let in."""
        account = self._everyone if key is None else self._accounts.get(key, self._everyone)
        if account is not None:
            account.admit()

    def charge(self, exchange: Exchange, run: Run) -> AbstractContextManager[None]:
        """A `with` block for an answer: its tokens are set aside before, and counted after it."""
        account = self._account(exchange)
        if account is None or account.rates.tokens_per_minute is None:
            return _FREE
        return Charge(account, run)

    def _account(self, exchange: Exchange) -> "Account | None":
        if self._everyone is not None or not self._accounts:
            return self._everyone
        return self._accounts.get(bearer(exchange.headers))


def make_meter(settings: ServerSettings) -> Meter | None:
    """A meter when the settings limit anything."""
    none = RateSettings()
    limited = settings.rates != none or any(rates != none for rates in settings.key_rates.values())
    return Meter(settings) if limited else None


class Account:
    """The limits of one key, and what it has used of them."""

    def __init__(
        self, ledger: Ledger, number: int, *, rates: RateSettings, clock: Callable[[], float]
    ) -> None:
        self.rates = rates
        self._ledger = ledger
        self._minute = Minute(ledger, number)
        self._clock = clock

    def admit(self) -> None:
        """Count one request. Raises RequestLimitError, QuotaError."""
        rates, minute = self.rates, self._minute
        now_s = self._clock()
        with self._ledger:
            minute.turn_to(now_s)
            limit = rates.requests_per_minute
            if limit is not None and minute.requests >= limit:
                wait_s = minute.requests_fit_after_s(limit, now_s=now_s)
                raise RequestLimitError(retry_after_s=wait_s)
            limit = rates.tokens_per_minute
            # Not worth reading when nothing of what it asks can be answered.
            if limit is not None and minute.tokens >= limit:
                wait_s = minute.tokens_fit_after_s(limit, 1, now_s=now_s)
                raise QuotaError(retry_after_s=wait_s)
            minute.add_request()

    def set_aside(self, prompt_tokens: int, answer_tokens: int) -> tuple[int, int]:
        """Count tokens before they are used; gives the second and how many they are.

        An answer that may be longer than the limit allows is counted up to the limit. Raises
        QuotaError when they do not fit, without a time when the prompt alone never will.
        """
        limit = self.rates.tokens_per_minute or 0
        if prompt_tokens > limit:
            raise QuotaError
        tokens = min(limit, prompt_tokens + answer_tokens)
        minute = self._minute
        now_s = self._clock()
        with self._ledger:
            minute.turn_to(now_s)
            if minute.tokens + tokens > limit:
                wait_s = minute.tokens_fit_after_s(limit, tokens, now_s=now_s)
                raise QuotaError(retry_after_s=wait_s)
            minute.add_tokens(tokens, second=minute.second)
            return minute.second, tokens

    def settle(self, set_aside: tuple[int, int], *, asked: int, answered: int) -> None:
        """Count what was used in place of what was set aside: the answer when it ends."""
        second, tokens = set_aside
        minute = self._minute
        now_s = self._clock()
        with self._ledger:
            minute.turn_to(now_s)
            minute.add_tokens(asked - tokens, second=second)
            minute.add_tokens(answered, second=minute.second)


class Charge:
    """The `with` block in which an answer is made; however it ends, what was used is counted."""

    def __init__(self, account: Account, run: Run) -> None:
        self._account = account
        self._run = run
        self._set_aside = (0, 0)

    def __enter__(self) -> None:
        """Raises QuotaError when the tokens do not fit into the minute."""
        run = self._run
        self._set_aside = self._account.set_aside(run.prompt_tokens.total, run.max_answer_tokens)

    def __exit__(self, *_: object) -> None:
        """Count what the answer took, cut short or not."""
        spent = self._run.spent
        self._account.settle(
            self._set_aside, asked=spent.prompt_tokens, answered=spent.completion_tokens
        )
