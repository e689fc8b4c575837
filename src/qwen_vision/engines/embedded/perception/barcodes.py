"""Reads barcodes of every symbology zxing knows."""

import zxingcpp

from qwen_vision.engines.embedded.facts import Barcode
from qwen_vision.engines.embedded.perception.arrays import Raster


def read_barcodes(grey: Raster) -> tuple[Barcode, ...]:
    """All barcodes in a grey picture, from top to bottom; also turned, inverted or small ones."""
    found = []
    for code in zxingcpp.read_barcodes(grey):
        place = code.position
        corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        first, second, third, fourth = ((float(point.x), float(point.y)) for point in corners)
        found.append(
            Barcode(
                payload=code.text,
                symbology=str(code.format),
                quad=(first, second, third, fourth),
            )
        )
    return tuple(sorted(found, key=lambda code: (code.quad[0][1], code.quad[0][0])))
