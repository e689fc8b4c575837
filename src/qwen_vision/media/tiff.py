"""Opens TIFFs without a word: what is wrong with a file is told by our errors only.

libtiff prints to stderr by itself, and Pillow warns about every odd tag. Neither can be told per
file, so the first TIFF silences both for the process; nothing else of Pillow is touched.
"""

import ctypes
import warnings
from functools import cache
from typing import BinaryIO

from PIL import Image as PillowImage
from PIL import TiffImagePlugin, _imaging


def open_tiff(file: BinaryIO) -> PillowImage.Image:
    """The picture in a TIFF, its pixels not decoded. Raises what Pillow raises."""
    _silence()
    return TiffImagePlugin.TiffImageFile(file)


@cache
def _silence() -> None:
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")
    # Found through the module that is linked to it; not there when libtiff is built in.
    set_handler = getattr(ctypes.CDLL(_imaging.__file__), "TIFFSetErrorHandler", None)
    if set_handler is not None:
        set_handler.argtypes = [ctypes.c_void_p]
        set_handler.restype = ctypes.c_void_p
        set_handler(None)
