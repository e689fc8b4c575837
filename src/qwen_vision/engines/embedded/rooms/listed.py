"""Listed: one entry of a list, or how many there are."""

from collections.abc import AsyncIterator

from qwen_vision.engines.embedded.documents.listed import asked_entry, asks_how_many
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Say, Step, Thought


async def asks_a_list(scene: Scene, intent: Intent) -> bool:
    """Whether a question wants an entry of a list that a picture shows, or their number."""
    readings = [await scene.eyes.read(image) for _, image in scene.images]
    return any(
        asked_entry(reading, intent.text) or asks_how_many(reading, intent.text)
        for reading in readings
    )


async def tell_listed(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """The entry as it stands, or the number of entries with what they are."""
    several = len(scene.images) > 1
    for index, image in scene.images:
        reading = await scene.eyes.read(image)
        head = scene.say(f"Picture {index + 1}: ", f"图片 {index + 1}：") if several else ""
        entry = asked_entry(reading, intent.text)
        found = asks_how_many(reading, intent.text)
        if entry is not None:
            yield Thought(f"Took an entry of the list in picture {index + 1}.")
            marker = f"{entry.number}. " if entry.number is not None else ""
            yield Say(head + marker + entry.text + "\n" * several, bare=entry.text)
        elif found:
            yield Thought(f"Counted the entries of the list in picture {index + 1}.")
            listed = "\n".join(f"- {one.text}" for one in found)
            told = scene.say(f"{len(found)}, listed so:\n{listed}", f"{len(found)} 项：\n{listed}")
            yield Say(head + told + "\n" * several, bare=str(len(found)))
