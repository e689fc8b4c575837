"""Odd TIFFs are told by our errors, not by the libraries that read them."""

import struct
import subprocess
import sys
from pathlib import Path

from PIL import Image as PillowImage

from tests.media.files import encoded

_DESCRIPTION = 270


def _odd(*, spoiled: bool) -> bytes:
    """A TIFF with a tag longer than the file and, if `spoiled`, with pixels that are no LZW."""
    noise = PillowImage.effect_noise((64, 64), 90).convert("RGB")
    data = bytearray(
        encoded(noise, "tiff", compression="tiff_lzw", tiffinfo={_DESCRIPTION: "described"})
    )
    at = struct.unpack_from("<I", data, 4)[0]
    for entry in range(struct.unpack_from("<H", data, at)[0]):
        place = at + 2 + 12 * entry
        if struct.unpack_from("<H", data, place)[0] == _DESCRIPTION:
            struct.pack_into("<I", data, place + 4, 10**8)
    if spoiled:
        data[8:2000] = b"\xff" * 1992
    return bytes(data)


def _ask(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "qwen_vision", "analyze", path, "colours?", "--engine", "local"],
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_odd_tiff_that_cannot_be_decoded_gives_one_line(tmp_path: Path) -> None:
    path = tmp_path / "odd.tif"
    path.write_bytes(_odd(spoiled=True))
    done = _ask(path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"qwen-vision: error: {path}: Failed to decode the image during the data inspection.\n"
    )


def test_an_odd_tag_is_not_worth_a_word(tmp_path: Path) -> None:
    path = tmp_path / "odd.tif"
    path.write_bytes(_odd(spoiled=False))
    done = _ask(path)
    assert done.returncode == 0
    assert "64 × 64" in done.stdout + done.stderr
    assert "Tag data" not in done.stderr
