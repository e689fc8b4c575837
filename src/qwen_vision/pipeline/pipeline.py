"""Pipeline: check, prepare, run, assemble. Answers chat requests with an engine of this process."""

import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing

from msgspec import UNSET

from qwen_vision.catalogue.catalogue import find_model
from qwen_vision.catalogue.model import Model
from qwen_vision.engines.base import Engine, Event, Prompt
from qwen_vision.errors import EngineError
from qwen_vision.media.door import MediaDoor, Opening, Rules
from qwen_vision.media.source import OssResolver
from qwen_vision.pipeline.assemble import Assembler, Frame
from qwen_vision.pipeline.bridges.bridge import one_by_one, run_bridged, run_in_batches
from qwen_vision.pipeline.bridges.closing import closing
from qwen_vision.pipeline.bridges.places import Places, tell_places
from qwen_vision.pipeline.bridges.tokens import neutralise
from qwen_vision.pipeline.check import check
from qwen_vision.pipeline.estimate import estimate
from qwen_vision.pipeline.places import find_places, without_wish
from qwen_vision.pipeline.prepare import Prepared, PromptTokens, check_media, prepare
from qwen_vision.pipeline.stop import StopFilter
from qwen_vision.protocol.chunk import Chunk
from qwen_vision.protocol.collect import Collected
from qwen_vision.protocol.completion import Completion
from qwen_vision.protocol.estimate import Estimate
from qwen_vision.protocol.places import Unit
from qwen_vision.protocol.request import ChatRequest, decode_request
from qwen_vision.protocol.usage import Usage
from qwen_vision.telemetry.record import Stage, note_usage


class Run:
    """A checked and prepared request. Play it once with `chunks` or `collect`, or close it."""

    def __init__(
        self,
        engine: Engine,
        prepared: Prepared,
        opening: Opening,
        *,
        request_id: str,
        places: Places | None = None,
    ) -> None:
        self.engine_name = engine.name
        self.request_id = request_id
        # True once the last chunks are out.
        self.ended = False
        self._engine = engine
        self._prepared = prepared
        self._opening = opening
        self._places = places
        self._assembled: Assembler | None = None

    @property
    def thinking(self) -> bool:
        """Whether the model thinks before it answers."""
        return self._prepared.prompt.thinking

    @property
    def prompt_tokens(self) -> PromptTokens:
        """The prompt's tokens, known before anything runs."""
        return self._prepared.tokens

    @property
    def max_answer_tokens(self) -> int:
        """How long the request lets answer and thoughts become; 0 where it says nothing."""
        request = self._prepared.prompt.request
        thoughts = request.thinking_budget if self.thinking else None
        return (request.max_tokens or 0) + (thoughts or 0)

    @property
    def spent(self) -> Usage:
        """Tokens so far: none before the run is played, those of `usage` at its end."""
        if self._assembled is None:
            return Usage(0, 0, 0)
        return self._assembled.usage(self._prepared.tokens)

    @property
    def comes_in_batches(self) -> bool:
        """Whether the engine tells together what came together."""
        return self._engine.abilities.batches

    def batches(self) -> AsyncGenerator[list[Chunk], None]:
        """The answer's chunks in lists; closing the iterator cancels the engine's run.

        The usage chunk comes only when the request asked for it, or for a receipt.
        """
        request = self._prepared.prompt.request
        wants_usage = request.stream_options is not None and request.stream_options.include_usage
        return self._play(with_usage=wants_usage or bool(request.media_receipt))

    async def chunks(self) -> AsyncGenerator[Chunk, None]:
        """The answer chunk by chunk, as `batches`."""
        async with aclosing(self.batches()) as batches:
            async for chunks in batches:
                for chunk in chunks:
                    yield chunk

    async def collect(self) -> Completion:
        """The whole answer, usage included."""
        collected = Collected()
        async with aclosing(self._play(with_usage=True)) as batches:
            async for chunks in batches:
                for chunk in chunks:
                    collected.add(chunk)
        return collected.completion()

    async def aclose(self) -> None:
        """Give the media back when the run is not played; safe to call twice."""
        await self._opening.aclose()

    async def _play(self, *, with_usage: bool) -> AsyncGenerator[list[Chunk], None]:
        prompt = self._prepared.prompt
        assembler = self._assembled = self._assembler()
        chunks: list[Chunk] = []
        try:
            with Stage("engine"):
                async with closing(self._events(prompt)) as batches:
                    async for events in batches:
                        chunks = assembler.take_all(events)
                        if assembler.done:
                            break
                        if chunks:
                            yield chunks
                if not assembler.done:
                    raise EngineError(engine=self._engine.name, reason="it stopped without an end")
                usage = assembler.usage(self._prepared.tokens)
                note_usage(usage, model=prompt.request.model)
            if with_usage:
                chunks.append(self._usage_chunk(assembler, usage))
            self.ended = True
            yield chunks
        finally:
            await self._opening.aclose()

    def _events(self, prompt: Prompt) -> AsyncIterator[Sequence[Event]]:
        if self._places is None:
            return run_in_batches(self._engine, prompt)
        return one_by_one(tell_places(run_bridged(self._engine, prompt), self._places))

    def _usage_chunk(self, assembler: Assembler, usage: Usage) -> Chunk:
        asked = self._prepared.prompt.request.media_receipt
        change = UNSET if self._places is None else self._places.change
        receipts = self._prepared.receipts(assembler.end.evidence, change) if asked else None
        return assembler.usage_chunk(usage, receipts)

    def _assembler(self) -> Assembler:
        prompt = self._prepared.prompt
        return Assembler(
            Frame(
                id=f"chatcmpl-{self.request_id}",
                created=int(time.time()),
                model=prompt.request.model,
                fingerprint=self._engine.fingerprint,
                unit=UNSET if self._places is None else self._places.unit,
            ),
            thinking=prompt.thinking,
            opening=prompt.model.opening_delta,
            stop=StopFilter(_stop_sequences(prompt.request)),
        )


class Pipeline:
    """Answers chat requests here. A Completer."""

    def __init__(
        self,
        engine: Engine,
        door: MediaDoor,
        *,
        engines: Mapping[str, Engine] | None = None,
        any_model: bool = False,
        local_files: bool = False,
    ) -> None:
        """Answer with `engine`, taking media in through `door`; both are closed with this.

        `engines` names another engine for some models, by the id or snapshot a caller says.
        `any_model` serves unknown model names with the default entry; `local_files` lets
        every request name files of this machine (for callers that sit at it).
        """
        self.engine = engine
        self._engines = dict(engines or {})
        self._door = door
        self._any_model = any_model
        self._local_files = local_files

    async def start(
        self,
        request: ChatRequest,
        *,
        request_id: str | None = None,
        body: bytes | None = None,
        uploads: OssResolver | None = None,
    ) -> Run:
        """Check and prepare a request.

        Raises an error of the tree before anything runs. `body` is the client's own JSON, of
        which `request` may be abridged; `uploads` finds its `oss://` URLs, if it may have them
        resolved.
        """
        with Stage("check"):
            model = find_model(request.model, any_model=self._any_model)
            engine = self.engine_for(request.model, model)
            plan = check(request, model, engine=engine.name, abilities=engine.abilities)
            check_media(request, model, engine=engine.name, abilities=engine.abilities)
            unit = request.coordinates
            request, body = _for_engine(request, body)
        rules = self._rules(request, model, uploads=uploads)
        opening = self._door.opening(rules)
        run = None
        try:
            with Stage("prepare"):
                prepared = await prepare(
                    request,
                    model,
                    plan,
                    opening=opening,
                    opens_media=engine.abilities.opens_media,
                    body=body,
                )
                places = None
                if unit is not None:
                    checks = not engine.abilities.verbatim
                    prepared, places = await self._places(prepared, unit, rules, checks=checks)
            request_id = request_id or str(uuid.uuid4())
            run = Run(engine, prepared, opening, request_id=request_id, places=places)
        finally:
            # A refused or cancelled request too gives back its files and its share of memory.
            if run is None:
                await opening.aclose()
        return run

    async def _places(
        self, prepared: Prepared, unit: Unit, rules: Rules, *, checks: bool
    ) -> tuple[Prepared, Places | None]:
        async with self._door.opening(rules) as looking:
            return await find_places(prepared, unit, opening=looking, checks=checks)

    def engine_for(self, name: str, model: Model) -> Engine:
        """The engine that answers for a model, by the name the caller said or its id."""
        return self._engines.get(name) or self._engines.get(model.id) or self.engine

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Every engine that may answer, each once."""
        return tuple(dict.fromkeys((self.engine, *self._engines.values())))

    @property
    def may_forward(self) -> bool:
        """Whether there is any engine that sends the client's own bytes on."""
        return not all(engine.abilities.opens_media for engine in self.engines)

    def forwards(self, name: str) -> bool:
        """Whether the engine for this model sends the client's own bytes on, unopened.

        Raises ModelNotFoundError.
        """
        model = find_model(name, any_model=self._any_model)
        return not self.engine_for(name, model).abilities.opens_media

    async def estimate(
        self, request: ChatRequest, *, uploads: OssResolver | None = None
    ) -> Estimate:
        """Tokens and prices of a request, without running it; raises its media's errors."""
        model = find_model(request.model, any_model=self._any_model)
        rules = self._rules(request, model, uploads=uploads)
        return await estimate(request, model, self._door, rules=rules)

    async def complete(self, request: ChatRequest) -> Completion:
        """The whole answer; raises an error of the tree."""
        return await (await self.start(request)).collect()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """The answer chunk by chunk; raises before the first chunk when the request is bad."""
        run = await self.start(request)
        async with aclosing(run.chunks()) as chunks:
            async for chunk in chunks:
                yield chunk

    async def aclose(self) -> None:
        """Close the engines and the door; safe to call twice."""
        for engine in self.engines:
            await engine.aclose()
        await self._door.aclose()

    def _rules(self, request: ChatRequest, model: Model, *, uploads: OssResolver | None) -> Rules:
        return Rules(
            model=model,
            high_resolution=bool(request.vl_high_resolution_images),
            local_files=self._local_files,
            uploads=uploads,
        )


def _for_engine(request: ChatRequest, body: bytes | None) -> tuple[ChatRequest, bytes | None]:
    """The request as an engine gets it; without its body when that says something else."""
    if request.coordinates is not None:
        request, body = without_wish(request, body), None
    plain = neutralise(request)
    if plain is request:
        return request, body
    return plain if body is None else neutralise(decode_request(body)), None


def _stop_sequences(request: ChatRequest) -> Sequence[str]:
    stop = request.stop
    if stop is None:
        return ()
    return [stop] if isinstance(stop, str) else [item for item in stop if isinstance(item, str)]
