"""ICC profiles made on the spot: RGB by its primaries, grey by its gamma, a press by its inks."""

import struct
from collections.abc import Sequence

# Colorants of the spaces in XYZ under D50, columns red, green and blue.
ADOBE_RGB = ((0.60974, 0.20528, 0.14919), (0.31111, 0.62567, 0.06322), (0.01947, 0.06087, 0.74457))
DISPLAY_P3 = ((0.51512, 0.29198, 0.1571), (0.2412, 0.69225, 0.06657), (-0.00105, 0.04189, 0.78407))
_WHITE = (0.9642, 1.0, 0.8249)


def rgb_profile(columns: Sequence[Sequence[float]], *, gamma: float) -> bytes:
    """A profile of an RGB space with these primaries and tone curve."""
    curve = _curve(gamma)
    xyz = {
        name: _xyz([row[place] for row in columns])
        for place, name in enumerate(("rXYZ", "gXYZ", "bXYZ"))
    }
    return _profile("RGB ", {**xyz, "rTRC": curve, "gTRC": curve, "bTRC": curve})


def grey_profile(gamma: float) -> bytes:
    """A profile of grey with this tone curve."""
    return _profile("GRAY", {"kTRC": _curve(gamma)})


def press_profile(inks: Sequence[int]) -> bytes:
    """A press on white paper where any colour at full prints the Lab colour `inks`, black black.

    Lab values are as ICC writes them in bytes: lightness 0 to 255, a and b around 128.
    """
    corners = [(0, 128, 128) if corner & 1 else inks for corner in range(16)]
    table = bytes(value for corner in [(255, 128, 128), *corners[1:]] for value in corner)
    straight = bytes(range(256))
    unit = b"".join(struct.pack(">i", 65536 * (place % 4 == 0)) for place in range(9))
    lut = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + unit + straight * 4 + table + straight * 3
    return _profile("CMYK", {"A2B0": lut}, kind="prtr", connection="Lab ")


def _profile(
    space: str, tags: dict[str, bytes], *, kind: str = "mntr", connection: str = "XYZ "
) -> bytes:
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(79)
    tags = {"desc": text, "wtpt": _xyz(_WHITE), "cprt": b"text" + bytes(4) + b"none\0", **tags}
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += name.encode() + struct.pack(">II", start + len(body), len(value))
        body += padded
    head = struct.pack(">II", start + len(body), 0) + struct.pack(">I", 0x02400000)
    head += (kind + space + connection).encode() + bytes(12) + b"acsp" + bytes(28)
    head += b"".join(struct.pack(">i", round(value * 65536)) for value in _WHITE)
    return head + bytes(128 - len(head)) + table + body


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(v * 65536)) for v in values)


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
