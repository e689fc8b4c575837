"""Find: whether something is there and where, over text, codes and objects."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Final

from qwen_vision.engines.embedded.intents import Intent
from qwen_vision.engines.embedded.places import model_box, model_point
from qwen_vision.engines.embedded.rooms.near import near_lines
from qwen_vision.engines.embedded.rooms.search import Spot, find_spots
from qwen_vision.engines.embedded.rooms.seen import plant_words
from qwen_vision.engines.embedded.rooms.spots import (
    looked,
    not_found,
    seen_at_large,
    spot_proof,
    there,
    where,
)
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Say, Step
from qwen_vision.media.items import Image

_PLANTS: Final = re.compile(
    r"(?i)^(?:grass|lawn|meadow|lea(?:f|ves)|foliage|bush(?:es)?|trees?|forest|woods|plants?|"
    r"greenery|vegetation)$|草|叶|树|森林|植物"
)
_AS_BOXES: Final = re.compile(
    r"bbox|bounding box|\bbox(?:es)?\b|coordinates?|json|\blocate\b|\bdetect\b|ground|坐标|框|"
    r"检测|定位",
    re.IGNORECASE,
)
_NAMES_BOXES: Final = re.compile(r"bbox|\bbox(?:es)?\b|框", re.IGNORECASE)
_AS_POINTS: Final = re.compile(r"\bpoints?\b|point_2d|点(?:出|坐标)|指出", re.IGNORECASE)
_SHOWN: Final = 12


def wants_boxes(question: str) -> bool:
    """Whether a question asks for coordinates beside its answer."""
    return bool(_AS_BOXES.search(question) and re.search(r"(?i)box|coordinate|坐标|框", question))


def boxes_of(spots: Sequence[Spot], image: Image, scene: Scene) -> str:
    """Boxes in the coordinates of the model's family, as fenced JSON."""
    return _fence([_bbox(spot, image, scene) for spot in spots])


async def locate(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """Where something is: boxes or points of the model's family when asked, else words."""
    for place, (index, image) in enumerate(scene.images):
        search = await find_spots(scene, intent, image)
        yield looked(search, intent, index)
        for spot in search.spots:
            yield spot_proof(spot, index, image)
        gap = "\n" if place else ""
        if search.kind == "look" and search.spots:
            yield Say(gap + seen_at_large(search, scene.language))
        elif _AS_POINTS.search(scene.question) and not _NAMES_BOXES.search(intent.text):
            yield Say(gap + _fence([_point(spot, image, scene) for spot in search.spots]))
        elif _AS_BOXES.search(scene.question):
            yield Say(gap + _fence([_bbox(spot, image, scene) for spot in search.spots]))
        elif search.spots:
            size, language = image.original, scene.language
            told = [where(spot, size, language) for spot in search.spots[:_SHOWN]]
            yield Say(gap + "\n".join(told))
        else:
            near = "" if intent.subject else await near_lines(scene, intent.text)
            yield Say(gap + (near or not_found(search, intent, scene.language)))
            continue
        if not search.spots:
            yield Say("\n" + not_found(search, intent, scene.language))


async def exists(scene: Scene, intent: Intent) -> AsyncIterator[Step]:
    """Whether something is there; only what can be perceived is denied."""
    for place, (index, image) in enumerate(scene.images):
        search = await find_spots(scene, intent, image)
        yield looked(search, intent, index)
        head = (
            scene.say(f"Picture {index + 1}: ", f"图片 {index + 1}：")
            if len(scene.images) > 1
            else ""
        )
        gap = "\n" * (place > 0) + head
        if not search.spots:
            plants = await _plants(scene, intent, image)
            read = search.seen and search.kind != "object" and not plants
            denied = scene.say("No", "没有") if read else None
            yield Say(gap + (plants or not_found(search, intent, scene.language)), bare=denied)
            continue
        yield spot_proof(search.spots[0], index, image)
        if search.kind == "text":
            count = len((await scene.eyes.read(image)).rows)
            yield Say(gap + scene.say(f"Yes: {count} lines of text.", f"有，共 {count} 行文字。"))
            continue
        size, language = image.original, scene.language
        told = there(search, intent.subject, size=size, language=language)
        sure = told.startswith(("Yes", "有"))
        yield Say(gap + told, bare=scene.say("Yes", "有") if sure else None)


async def _plants(scene: Scene, intent: Intent, image: Image) -> str:
    """How much of the picture could be plants, when these are asked for; empty for others."""
    if not _PLANTS.search(intent.subject):
        return ""
    return plant_words(await scene.eyes.picture(image), scene.language)


def _bbox(spot: Spot, image: Image, scene: Scene) -> dict[str, object]:
    return {"bbox_2d": model_box(spot.box, image, scene.model), "label": spot.label}


def _point(spot: Spot, image: Image, scene: Scene) -> dict[str, object]:
    x, y = (spot.box.left + spot.box.right) / 2, (spot.box.top + spot.box.bottom) / 2
    return {
        "point_2d": list(model_point(x, y, image=image, model=scene.model)),
        "label": spot.label,
    }


def _fence(items: Sequence[dict[str, object]]) -> str:
    rows = ",\n".join("  " + json.dumps(item, ensure_ascii=False) for item in items)
    return "```json\n[\n" + rows + "\n]\n```" if items else "```json\n[]\n```"
