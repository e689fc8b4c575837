"""Extract: JSON for the request's schema, or for the keys a prompt asks for."""

from collections.abc import AsyncIterator
from decimal import Decimal

from qwen_vision.engines.embedded.documents.amounts import find_amounts
from qwen_vision.engines.embedded.documents.concepts import concepts
from qwen_vision.engines.embedded.documents.fields import find_field
from qwen_vision.engines.embedded.documents.sheet import Sheet
from qwen_vision.engines.embedded.extract.asked import asked_schema, encode_json, told_schema
from qwen_vision.engines.embedded.extract.fill import Filling, check_sum, fill
from qwen_vision.engines.embedded.extract.items import bill_items
from qwen_vision.engines.embedded.extract.minimal import minimal
from qwen_vision.engines.embedded.extract.page import Page
from qwen_vision.engines.embedded.extract.shape import read_shape
from qwen_vision.engines.embedded.facts import Reading
from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.errors import AbilityError
from qwen_vision.protocol.messages import JsonObject
from qwen_vision.protocol.receipt import Evidence
from qwen_vision.protocol.schema import SchemaCheck

_PARAM = "response_format.json_schema.schema"


async def extract_json(scene: Scene, schema: JsonObject | None) -> AsyncIterator[Step]:
    """One JSON value and nothing else: valid for `schema`, or all pairs without one."""
    wanted = schema if schema is not None else _wanted(scene)
    pages = await see_pages(scene)
    filling = fill_schema(wanted if wanted is not None else {"type": "object"}, pages)
    for step in _shown(filling):
        yield step
    yield Say(encode_json(filling.value))


async def key_information(scene: Scene, _intent: Intent) -> AsyncIterator[Step]:
    """The fields a prompt names, or all of them, as fenced JSON."""
    wanted = _wanted(scene)
    pages = await see_pages(scene)
    filling = fill_schema(wanted if wanted is not None else {"type": "object"}, pages)
    for step in _shown(filling):
        yield step
    alone = encode_json(filling.value, indent=True)
    yield Say("```json\n" + alone + "\n```", bare=alone)


def _wanted(scene: Scene) -> JsonObject | None:
    """The schema that the conversation asks for in words."""
    return (
        told_schema(scene.instructions)
        or asked_schema(scene.question)
        or asked_schema(scene.instructions)
    )


async def see_pages(scene: Scene) -> list[Page]:
    """Everything a schema may ask for, of every picture and the texts of every video."""
    pages = []
    for index, image in scene.images:
        reading = await scene.eyes.read(image)
        pages.append(
            Page(
                index=index,
                number=image.page,
                reading=reading,
                sheet=Sheet.of(reading),
                codes=await scene.eyes.codes(image),
                facts=await scene.eyes.picture(image),
                objects=await scene.eyes.objects(image),
            )
        )
    for index, video in scene.videos:
        watched = await scene.eyes.watch(video, read_text=True)
        lines = tuple(span.line for span in watched.texts)
        reading = Reading(lines)
        pages.append(Page(index=index, number=None, reading=reading, sheet=Sheet.of(reading)))
    return pages


def fill_schema(schema: JsonObject, pages: list[Page]) -> Filling:
    """The filled schema, valid for certain.

    A value that fits every rule of its own may still break one between values; then the
    emptiest valid value is given, with a note. Raises AbilityError when there is none.
    """
    shape = read_shape(schema)
    check = SchemaCheck(schema, param=_PARAM)
    filling = fill(shape, pages)
    _check_total(filling, pages)
    problem = check.problem(filling.value)
    if problem is None:
        return filling
    empty = minimal(shape, check)
    if check.problem(empty) is not None:
        raise AbilityError(
            f"The embedded engine finds no value that is valid for this schema and true to the "
            f"picture: {problem}. Allow null where a value may be missing.",
            param=_PARAM,
        )
    note = f"what was read breaks a rule of the schema ({problem}); nothing was filled in"
    return Filling(empty, [Evidence("", note=note)], [*filling.trace, note])


def _check_total(filling: Filling, pages: list[Page]) -> None:
    for page in pages:
        found = next(iter(find_field(page.sheet, concepts()["total"])), None)
        total = found.plain if found is not None and isinstance(found.plain, Decimal) else None
        amounts = [
            amount.value
            for item in bill_items(page.sheet)
            for amount in find_amounts(item.values["amount"])[:1]
        ]
        check_sum(filling, amounts, total)


def _shown(filling: Filling) -> list[Step]:
    thoughts: list[Step] = [Thought(text) for text in filling.trace]
    return thoughts + [Proof(evidence) for evidence in filling.evidence]
