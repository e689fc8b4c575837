"""Sections: the lines that stand under a heading the question names."""

from collections.abc import AsyncIterator

from qwen_vision.engines.embedded.documents.fields import find_words
from qwen_vision.engines.embedded.documents.headings import section
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.intents import Intent, Task
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.protocol.receipt import Evidence

_MAY_ASK_A_SECTION = frozenset({Task.UNKNOWN, Task.VALUE, Task.ITEMS})
_SHOWN = 20


async def names_a_section(scene: Scene, intent: Intent) -> bool:
    """Whether a question says a heading of a picture, and names no labelled value."""
    if intent.task not in _MAY_ASK_A_SECTION or intent.concepts:
        return False
    for _, image in scene.images:
        sheet = Sheet.of(await scene.eyes.read(image))
        if section(sheet, intent.text) and not find_words(sheet, intent.subject):
            return True
    return False


async def tell_section(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """The rows under the heading, as they stand there."""
    for index, image in scene.images:
        found = section(Sheet.of(await scene.eyes.read(image)), intent.text)
        if found is None:
            yield Thought(f"Picture {index + 1} has no such heading.")
            continue
        heading, rows = found
        yield Thought(f"Picture {index + 1}: {len(rows)} rows under “{heading.text}”.")
        yield Proof(Evidence(heading.text, index, box=whole_box(heading.box), text=heading.text))
        listed = "\n".join("- " + " ".join(line.text for line in row) for row in rows[:_SHOWN])
        yield Say(
            scene.say(f"Under “{heading.text}”:\n{listed}", f"“{heading.text}”下面：\n{listed}")
        )
