"""Completes picture files that were cut short, so that what arrived can be seen."""

import io
import struct
import zlib
from collections.abc import Iterator

_END_OF_JPEG = b"\xff\xd9"
_PNG_MARK = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER_BYTES = 13
_STEP_BYTES = 1024
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def repaired(data: bytes, *, format_name: str) -> io.BytesIO | None:
    """The same picture with its missing end made up, or None when that cannot be done.

    A JPEG gets its end mark (the decoder greys what is missing), a PNG the missing rows in
    black; other formats are not repaired.
    """
    if format_name == "jpeg":
        return io.BytesIO(data + _END_OF_JPEG)
    if format_name == "png":
        return _repaired_png(data)
    return None


def _repaired_png(data: bytes) -> io.BytesIO | None:
    kept: list[bytes] = []
    packed = bytearray()
    header = b""
    for name, body in _chunks(data):
        if name == b"IDAT":
            packed += body
        elif name != b"IEND" and not packed:
            kept.append(_chunk(name, body))
            header = body if name == b"IHDR" else header
    if len(header) != _PNG_HEADER_BYTES:
        return None
    rows = _unpacked(bytes(packed), most_bytes=_rows_bytes(header))
    if not rows:
        return None
    whole = rows.ljust(_rows_bytes(header), b"\0")
    parts = [_PNG_MARK, *kept, _chunk(b"IDAT", zlib.compress(whole, 1)), _chunk(b"IEND", b"")]
    return io.BytesIO(b"".join(parts))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG_MARK)
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += length + 12


def _chunk(name: bytes, body: bytes) -> bytes:
    check = zlib.crc32(body, zlib.crc32(name))
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)


def _rows_bytes(header: bytes) -> int:
    width, height, depth, colour = struct.unpack(">IIBB", header[:10])
    # One filter byte a row; an interlaced picture has at most twice the rows, with padding.
    row_bytes = (width * depth * _SAMPLES.get(colour, 4) + 7) // 8 + 1
    return int(row_bytes * height) + (height * 16 if header[12] else 0)


def _unpacked(packed: bytes, *, most_bytes: int) -> bytes:
    unpacker = zlib.decompressobj()
    out = bytearray()
    # In small steps: when the stream turns bad, everything before it is kept.
    for at in range(0, len(packed), _STEP_BYTES):
        try:
            out += unpacker.decompress(packed[at : at + _STEP_BYTES], most_bytes)
        except zlib.error:
            break
        if len(out) >= most_bytes:
            break
    return bytes(out[:most_bytes])
