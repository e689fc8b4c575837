"""`GET /healthz` and `GET /readyz`: is the process alive, does it take requests."""

from qwen_vision.server.exchange import Exchange
from qwen_vision.server.lifecycle import Lifecycle


class HealthRoute:
    """Two questions of whoever watches the process."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        """Tell the state of `lifecycle`."""
        self._lifecycle = lifecycle

    async def alive(self, exchange: Exchange) -> None:
        """200 as long as the process serves."""
        await exchange.answer(b'{"status":"ok"}')

    async def ready(self, exchange: Exchange) -> None:
        """200 while new requests are taken; StoppingError (503) afterwards."""
        self._lifecycle.check()
        await exchange.answer(b'{"status":"ready"}')
