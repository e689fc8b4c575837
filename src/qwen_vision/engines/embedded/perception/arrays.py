"""Names for the arrays that perception passes around."""

from typing import Any, TypeAlias

from numpy.typing import NDArray

# OpenCV's type hints give no element type, so these names say what the type can not.
Raster: TypeAlias = NDArray[Any]  # pixels, uint8, (height, width) or (height, width, 3)
Points: TypeAlias = NDArray[Any]  # points (n, 2), float32, x before y
Scores: TypeAlias = NDArray[Any]  # float32
