"""Turns every kind of pixels into upright RGB."""

from PIL import Image

from qwen_vision.media.items import Pixels

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WHITE, _DARK = 255, 0
# Visible content counts as light above this grey, and the ground turns dark when nearly all is.
_LIGHT = 200
_NEARLY_ALL = 0.9
_HALF_VISIBLE = 128
_BYTE_MAX = 255
_SCALABLE = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})
_WORD_MAX = 65535
_TWELVE_BITS = 4096


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """The picture turned as its EXIF orientation (1 to 8) asks."""
    turn = _TURNS.get(orientation)
    return pixels if turn is None else pixels.transpose(turn)


def scalable(pixels: Pixels) -> Pixels:
    """The picture in a mode that can be resized without mixing up its colours.

    That is 8-bit grey, RGB or CMYK, with or without transparency. Grey of 16 bits keeps its
    high byte, or is scaled to its own range when it uses 12 bits or less of them, as cameras
    and microscopes do; wider and floating grey is scaled to its own range.
    """
    mode = pixels.mode
    if mode.startswith("I;16"):
        return _words(pixels)
    if mode in ("I", "F"):
        return _wide(pixels)
    if "transparency" in pixels.info or mode in ("PA", "RGBa", "La"):
        return pixels.convert("RGBA")
    if mode == "1":
        return pixels.convert("L")
    return pixels if mode in _SCALABLE else pixels.convert("RGB")


def flatten(pixels: Pixels) -> Pixels:
    """The picture in RGB, transparency laid on a ground that shows it.

    The ground is white, or black when what is visible is nearly all white: white text on
    nothing stays readable.
    """
    if pixels.mode in ("RGBA", "LA"):
        return _on_ground(pixels)
    return pixels if pixels.mode == "RGB" else pixels.convert("RGB")


def _on_ground(pixels: Pixels) -> Pixels:
    alpha = pixels.getchannel("A")
    colour = pixels.convert("RGB")
    if alpha.getextrema() == (_BYTE_MAX, _BYTE_MAX):
        return colour
    visible = alpha.point([0] * _HALF_VISIBLE + [_BYTE_MAX] * _HALF_VISIBLE)
    shades = colour.convert("L").histogram(visible)
    light = sum(shades[_LIGHT:]) > _NEARLY_ALL * sum(shades)
    ground = _DARK if light else _WHITE
    flat = Image.new("RGB", pixels.size, (ground, ground, ground))
    flat.paste(colour, mask=alpha)
    return flat


def _words(pixels: Pixels) -> Pixels:
    low, high = _range(pixels)
    if high < _TWELVE_BITS:
        return _scaled(pixels.convert("I"), low=low, high=high)
    raw = "L;16B" if pixels.mode.endswith("B") else "L;16"
    return Image.frombytes("L", pixels.size, pixels.tobytes(), "raw", raw)


def _wide(pixels: Pixels) -> Pixels:
    low, high = _range(pixels)
    if pixels.mode == "F" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= _BYTE_MAX:
        low, high = 0.0, float(_BYTE_MAX)
    elif low >= 0 and high <= _WORD_MAX:
        low, high = 0.0, float(_WORD_MAX)
    return _scaled(pixels, low=low, high=high)


def _range(pixels: Pixels) -> tuple[float, float]:
    extremes = pixels.getextrema()
    return float(extremes[0]), float(extremes[1])  # type: ignore[arg-type]  # one band


def _scaled(pixels: Pixels, *, low: float, high: float) -> Pixels:
    scale = _BYTE_MAX / (high - low) if high > low else 0.0
    return pixels.convert("F").point(lambda value: value * scale - low * scale).convert("L")
