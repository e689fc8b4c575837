"""Plain facts about pixels: colours by name, brightness, contrast, sharpness, blankness."""

import cv2
import numpy as np

from qwen_vision.engines.embedded.facts import ColorShare, PictureFacts
from qwen_vision.engines.embedded.perception.arrays import Raster, Scores

# Anchors of the basic colour terms of English (Berlin and Kay) and a few shades between them.
_NAMED: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("black", (0, 0, 0)),
    ("black", (32, 32, 32)),
    ("dark grey", (80, 80, 80)),
    ("grey", (128, 128, 128)),
    ("light grey", (200, 200, 200)),
    ("white", (255, 255, 255)),
    ("red", (220, 30, 30)),
    ("dark red", (130, 20, 25)),
    ("orange", (245, 135, 20)),
    ("yellow", (250, 225, 40)),
    ("green", (40, 170, 60)),
    ("light green", (150, 220, 130)),
    ("dark green", (20, 85, 35)),
    ("cyan", (50, 205, 215)),
    ("blue", (35, 85, 210)),
    ("blue", (0, 0, 255)),
    ("light blue", (140, 190, 235)),
    ("dark blue", (20, 30, 100)),
    ("dark blue", (0, 0, 130)),
    ("purple", (130, 45, 160)),
    ("purple", (75, 0, 130)),
    ("pink", (245, 150, 190)),
    ("pink", (255, 20, 147)),
    ("brown", (125, 75, 40)),
    ("brown", (75, 45, 25)),
    ("beige", (225, 205, 170)),
    ("red", (255, 0, 0)),
    ("green", (0, 255, 0)),
    ("yellow", (255, 255, 0)),
    ("magenta", (255, 0, 255)),
)
_GREYS = frozenset({"black", "dark grey", "grey", "light grey", "white"})
# More chroma than this (Lab) is a colour to the eye, unless it is nearly black.
_COLORED = 16.0
_NEARLY_BLACK = 15.0
_SAMPLE_PX = 160
_MIN_SHARE = 0.03
_MAX_COLORS = 6
_BLANK_SPREAD = 2.0
_BLANK_EDGE = 12
_GREY_CHROMA = 6.0
_PREVAILS = 0.5


def picture_facts(rgb: Raster, *, width_px: int, height_px: int) -> PictureFacts:
    """Facts about a picture; `width_px` and `height_px` are the size of the upright original.

    Brightness is the mean and contrast the standard deviation of luma, as a share of the
    full range (contrast of a half black, half white picture is 1). Sharpness is the variance
    of the Laplacian of the picture at about one megapixel (Pech-Pacheco et al. 2000).
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    lab = _lab(rgb)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    return PictureFacts(
        width_px=width_px,
        height_px=height_px,
        colors=_colors(rgb),
        brightness=round(float(grey.mean()) / 255, 4),
        contrast=round(min(1.0, float(grey.std()) / 127.5), 4),
        sharpness=round(float(cv2.Laplacian(grey, cv2.CV_32F).var()), 2),
        is_blank=is_blank(rgb),
        is_grey=bool(np.percentile(chroma, 99) < _GREY_CHROMA),
    )


def color_name(rgb: tuple[int, int, int]) -> str:
    """The basic colour term nearest to a colour."""
    anchors = _lab(np.array([[value for _, value in _NAMED]], np.uint8))[0]
    point = _lab(np.array([[rgb]], np.uint8))[0, 0]
    return _NAMED[int(np.linalg.norm(anchors - point, axis=1).argmin())][0]


def is_blank(rgb: Raster) -> bool:
    """Whether nothing is drawn: hardly any spread, and no stroke that stands out."""
    if float(rgb.std(axis=(0, 1)).max()) > _BLANK_SPREAD:
        return False
    spread = rgb.max(axis=(0, 1)).astype(int) - rgb.min(axis=(0, 1)).astype(int)
    return int(spread.max()) <= _BLANK_EDGE


def _lab(rgb: Raster) -> Scores:
    lab: Scores = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return lab


def _colors(rgb: Raster) -> tuple[ColorShare, ...]:
    height, width = rgb.shape[:2]
    scale = min(1.0, _SAMPLE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Nearest keeps true colours; averaging would invent ones between ink and paper.
    sample = cv2.resize(rgb, size, interpolation=cv2.INTER_NEAREST)
    anchors = _lab(np.array([[value for _, value in _NAMED]], np.uint8))[0]
    points = _lab(sample).reshape(-1, 3)
    distance = ((points[:, None, :] - anchors[None, :, :]) ** 2).sum(axis=2)
    is_colored = (np.hypot(points[:, 1], points[:, 2]) > _COLORED) & (points[:, 0] > _NEARLY_BLACK)
    is_grey = np.array([name in _GREYS for name, _ in _NAMED])
    distance[np.ix_(is_colored, is_grey)] = np.inf
    nearest = distance.argmin(axis=1)
    pixels = sample.reshape(-1, 3)
    shares = []
    for name in dict.fromkeys(name for name, _ in _NAMED):
        chosen = np.isin(nearest, [i for i, (other, _) in enumerate(_NAMED) if other == name])
        share = float(chosen.mean())
        if share >= _MIN_SHARE:
            red, green, blue = np.median(pixels[chosen], axis=0).astype(int)
            shares.append(ColorShare(name, f"#{red:02x}{green:02x}{blue:02x}", round(share, 4)))
    return tuple(sorted(shares, key=lambda color: -color.share)[:_MAX_COLORS])


def main_color(pixels: Raster) -> str:
    """The name of the colour most of these pixels (n, 3) have; empty where none prevails."""
    facts = picture_facts(pixels[:, None, :], width_px=1, height_px=len(pixels))
    best = facts.colors[:1]
    return best[0].name if best and best[0].share >= _PREVAILS else ""
