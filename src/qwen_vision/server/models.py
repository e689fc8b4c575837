"""`GET /models` and `GET /models/{id}`: the models a request may name."""

import msgspec

from qwen_vision.catalogue.catalogue import models
from qwen_vision.errors import ModelNotFoundError
from qwen_vision.protocol.model_list import ModelEntry, ModelList
from qwen_vision.server.exchange import Exchange


class ModelsRoute:
    """The catalogue as the dialect lists it, snapshots included."""

    def __init__(self) -> None:
        """Encode the list once: it does not change while the server runs."""
        entries = [
            ModelEntry(id=name, created=model.created) for model in models() for name in model.names
        ]
        self._list = msgspec.json.encode(ModelList(data=entries))
        self._entries = {entry.id: msgspec.json.encode(entry) for entry in entries}

    async def list(self, exchange: Exchange) -> None:
        """Answer with every model."""
        await exchange.answer(self._list)

    async def show(self, exchange: Exchange) -> None:
        """Answer with the model named in the path; raises ModelNotFoundError."""
        wanted = exchange.scope["path_params"]["model_id"]
        entry = self._entries.get(wanted)
        if entry is None:
            raise ModelNotFoundError(model=wanted)
        await exchange.answer(entry)
