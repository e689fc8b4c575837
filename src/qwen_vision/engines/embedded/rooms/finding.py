"""Finding: a room that answers only where its look at the pictures finds the answer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.language import shorten
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Say, Step, Thought

_Found = TypeVar("_Found")
_QUOTED_CHARS = 200


@dataclass(frozen=True, slots=True)
class Finding(Generic[_Found]):
    """`find` gives None where the pictures hold no answer, `tell` says what it gave.

    Unless it may be `of_several`, it looks only where there is one picture.
    """

    find: Callable[[Scene, Intent], Awaitable[_Found | None]]
    tell: Callable[[Scene, _Found], AsyncIterator[Step]]
    of_several: bool = False

    async def asks(self, scene: Scene, intent: Intent) -> bool:
        """Whether this room can answer."""
        pictures = len(scene.images)
        if not pictures or (pictures > 1 and not self.of_several):
            return False
        return await self.find(scene, intent) is not None

    async def __call__(self, scene: Scene, intent: Intent) -> AsyncIterator[Step]:
        """The answer, once `asks` said that there is one."""
        found = await self.find(scene, intent)
        if found is not None:
            async for step in self.tell(scene, found):
                yield step


@dataclass(frozen=True, slots=True)
class Quote:
    """An answer with the sentence that gives it, and how it was found."""

    answer: str
    sentence: str
    why: str


async def tell_quote(scene: Scene, quote: Quote) -> AsyncIterator[Step]:
    """The answer first, then the words of the page."""
    yield Thought(f"{quote.why}: {quote.answer}.")
    words = shorten(quote.sentence, _QUOTED_CHARS)
    yield Say(
        scene.say(f"{quote.answer}: it says “{words}”.", f"{quote.answer}：图中写着“{words}”。"),
        bare=quote.answer,
    )
