"""Items: the lines of a bill, listed."""

from collections.abc import AsyncIterator

from qwen_vision.engines.embedded.documents.found import Found
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.extract.items import Item, bill_items
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.proofs import proof
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought


async def tell_items(scene: Scene, _intent: Intent) -> AsyncIterator[Step]:
    """Description, quantity and amount of each line of a bill."""
    for place, (index, image) in enumerate(scene.images):
        items = bill_items(Sheet.of(await scene.eyes.read(image)))
        yield Thought(f"Looked for line items in picture {index + 1}: found {len(items)}.")
        yield Say("\n\n" if place else "")
        if not items:
            yield Say(
                scene.say(
                    "I find no list of items with amounts in this picture. Ask me to read the "
                    "text.",
                    "图中没有找到带金额的商品清单，可以让我读出文字。",
                )
            )
        for number, item in enumerate(items):
            text = item.values["description"]
            found = Found(text, text, item.lines, "a line of the bill")
            yield Proof(proof(f"items[{number}]", found, index=index, page=image.page))
            yield Say(("\n" if number else "") + _line(item))


def _line(item: Item) -> str:
    values = item.values
    count = f" × {values['quantity']}" if "quantity" in values else ""
    return f"- {values['description']}{count}: {values['amount']}"
