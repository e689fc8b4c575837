"""Places bridge: boxes and points in an answer, told in the unit the caller asked for."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Final

from qwen_vision.engines.base import Event, Finished, TextDelta, ToolCallDelta
from qwen_vision.errors import StructuredOutputError
from qwen_vision.pipeline.bridges.closing import closing
from qwen_vision.protocol.place_stream import Album, PlaceRewriter
from qwen_vision.protocol.places import Unit
from qwen_vision.protocol.receipt import CoordinateChange
from qwen_vision.protocol.schema import SchemaCheck

_NO_FIT: Final = (
    "The answer fits the schema as the model counts, but not with its places in "
    "coordinates '{unit}': {problem}. Let the schema take numbers in that unit, or leave "
    "'coordinates' out."
)


@dataclass(frozen=True, slots=True)
class Places:
    """The pictures an answer may point at, and the unit to tell its places in.

    With `check` the answer must fit a schema after that too.
    """

    album: Album
    unit: Unit
    check: SchemaCheck | None = None

    @property
    def change(self) -> CoordinateChange:
        """What the receipt says of it."""
        return CoordinateChange(source=self.album.scales[0].space, to=self.unit)


async def tell_places(events: AsyncIterator[Event], places: Places) -> AsyncIterator[Event]:
    """The same events, with the places in answers and in the arguments of calls rewritten.

    Thoughts stay as they are. An answer under a schema comes in one piece, as it does without.
    """
    teller = _Teller(places)
    async with closing(events):
        async for event in events:
            for told in teller.take(event):
                yield told


class _Teller:
    """Rewrites the events of one answer."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._text = self._rewriter()
        self._calls: dict[int, PlaceRewriter] = {}
        # Nothing of an answer under a schema leaves before it is checked.
        self._answer: list[str] = []

    def take(self, event: Event) -> Iterator[Event]:
        match event:
            case TextDelta():
                words = self._text.feed(event.text)
                if self._places.check is not None:
                    self._answer.append(words)
                elif words:
                    yield TextDelta(words)
            case ToolCallDelta():
                call = self._calls.setdefault(event.index, self._rewriter())
                yield replace(event, arguments=call.feed(event.arguments))
            case Finished():
                yield from self._end(event)
            case _:
                yield event

    def _end(self, event: Finished) -> Iterator[Event]:
        rest = "".join(self._answer) + self._text.flush()
        check = self._places.check
        problem = None if check is None or event.reason != "stop" else check.problem_of_text(rest)
        if problem is not None:
            raise StructuredOutputError(_NO_FIT.format(unit=self._places.unit, problem=problem))
        if rest:
            yield TextDelta(rest)
        for index, call in self._calls.items():
            if arguments := call.flush():
                yield ToolCallDelta(index=index, arguments=arguments)
        yield event

    def _rewriter(self) -> PlaceRewriter:
        return PlaceRewriter(self._places.album, self._places.unit)
