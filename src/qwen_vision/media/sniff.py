"""Recognises a file by its first bytes, never by its name or what its sender calls it."""

from typing import Literal, TypeAlias

Format: TypeAlias = Literal[
    "jpeg", "png", "webp", "gif", "bmp", "tiff", "heic", "avif",
    "pdf",
    "mp4", "mov", "mkv", "avi", "flv", "wmv",
]  # fmt: skip
SNIFF_BYTES = 4096

PICTURES = frozenset({"jpeg", "png", "webp", "gif", "bmp", "tiff", "heic", "avif"})
VIDEOS = frozenset({"mp4", "mov", "mkv", "avi", "flv", "wmv"})

_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"\x1a\x45\xdf\xa3", "mkv"),
    (b"FLV\x01", "flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wmv"),
)
_RIFF: dict[bytes, Format] = {b"WEBP": "webp", b"AVI ": "avi"}
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_STILL_BRANDS = frozenset({b"mif1", b"msf1", b"mif2"})
# QuickTime files of old begin with any of these boxes and have no file type box.
_MOV_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})

# Pictures other tools write and the dialect does not take.
_REFUSED = (
    b"\x00\x00\x01\x00", b"\x00\x00\x02\x00", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"P7",
    b"Pf", b"PF", b"\x01\xda", b"8BPS", b"DDS ", b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51",
    b"icns", b"\x0a", b"<svg", b"<?xml", b"%!PS", b"\xff\x0a", b"\x00\x00\x00\x0cJXL ", b"SIMPLE",
    b"#?RADIANCE", b"qoif", b"\x76\x2f\x31\x01", b"\xd7\xcd\xc6\x9a",
)  # fmt: skip
_FLI_MARKS = (b"\x11\xaf", b"\x12\xaf")


def sniff(head: bytes) -> Format | None:
    """What the file is, from its first `SNIFF_BYTES`, or None when it is nothing we open."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    if head[4:8] in _MOV_BOXES:
        return "mov"
    # The PDF mark may stand anywhere in the first kilobyte.
    return "pdf" if b"%PDF-" in head[:1024] else None


def is_refused_picture(head: bytes) -> bool:
    """Whether these are the first bytes of a picture format the dialect does not take."""
    return head.startswith(_REFUSED) or head[4:6] in _FLI_MARKS


def _by_brand(head: bytes) -> Format:
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
    major = brands[0]
    if major in _AVIF_BRANDS:
        return "avif"
    if major in _HEIC_BRANDS:
        return "heic"
    if major in _STILL_BRANDS:
        return "avif" if _AVIF_BRANDS & set(brands) else "heic"
    return "mov" if major == b"qt  " else "mp4"
