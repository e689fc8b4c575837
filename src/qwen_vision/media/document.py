"""Pages of a PDF, seen as pictures."""

import hashlib
from concurrent.futures import Executor
from dataclasses import dataclass

from PIL import Image as PillowImage

from qwen_vision.errors import ImageDecodeError, MediaError
from qwen_vision.media.blob import Blob
from qwen_vision.media.items import Pixels, Size
from qwen_vision.media.pdfium import PAGE_THREADS, draw, page_sizes
from qwen_vision.media.resize import shrink

DEFAULT_PAGES = 16
DPI = 200
# A page is never drawn with more pixels than the largest picture a model looks at.
MOST_PAGE_PX = 16_777_216
_POINTS_PER_INCH = 72
_RGBX_BYTES = 8
_MOST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Page:
    """Page `number` (from 1) of a PDF; `size` is its size at `DPI`, or less for a huge one."""

    blob: Blob
    number: int
    size: Size

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 of the file, the page number and the resolution."""
        mark = f"{self.blob.content_hash} page {self.number} at {DPI} dpi"
        return hashlib.sha256(mark.encode()).hexdigest()

    @property
    def threads(self) -> Executor:
        """The few threads for pages."""
        return PAGE_THREADS

    def working_bytes(self, target: Size) -> int:
        """Memory that drawing to `target` takes at most, roughly."""
        return target.width_px * target.height_px * _RGBX_BYTES

    def decode(self, target: Size) -> Pixels:
        """The page drawn on white, RGB of exactly the `target` size. Blocks.

        Raises ImageDecodeError.
        """
        box = (target.width_px, target.height_px)
        rows = draw(self.blob, number=self.number, width_px=box[0], height_px=box[1])
        return PillowImage.frombytes("RGB", box, rows)


@dataclass(frozen=True, slots=True)
class Pages:
    """The chosen pages, and a note when there are more than were taken by default."""

    chosen: tuple[Page, ...]
    note: str | None = None


def read_pages(blob: Blob, *, pages: str | None, most: int, param: str) -> Pages:
    """The pages of a PDF named by `pages` ("1-3,5"), by default the first ones. Blocks.

    At most `most` are taken. Raises ImageDecodeError for a file that is no PDF inside,
    MediaError for one with a password and for pages that are not there.
    """
    try:
        sizes = page_sizes(blob)
        count = len(sizes)
        if count < 1:
            raise ImageDecodeError
        numbers = _first_pages(count) if pages is None else parse_pages(pages, count=count)
        chosen = tuple(Page(blob, number, _size(*sizes[number - 1])) for number in numbers[:most])
    except MediaError as error:
        raise type(error)(error.message, param=param) from error
    if pages is not None and len(numbers) > most:
        raise MediaError(
            f"'pages' names {len(numbers)} pages; this request may have {most} more pictures.",
            param=f"{param}.pages",
        )
    return Pages(chosen, note=_note(count, len(chosen)) if pages is None else None)


def parse_pages(pages: str, *, count: int) -> list[int]:
    """Page numbers in the order of `pages` ("1-3,5", "4-" to the end), each once.

    Raises MediaError when a page is not in 1 to `count` or the text cannot be read.
    """
    numbers: dict[int, None] = {}
    for piece in pages.split(","):
        first, dash, last = (part.strip() for part in piece.partition("-"))
        low = _page_number(first, pages, count=count)
        high = _page_number(last or str(count), pages, count=count) if dash else low
        if low > high:
            raise _bad_pages(pages, count=count)
        numbers.update(dict.fromkeys(range(low, high + 1)))
    return list(numbers)


def _page_number(text: str, pages: str, *, count: int) -> int:
    # isdecimal alone would let other alphabets' digits through.
    if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS:
        number = int(text)
        if 1 <= number <= count:
            return number
    raise _bad_pages(pages, count=count)


def _bad_pages(pages: str, *, count: int) -> MediaError:
    return MediaError(
        f"'pages' is '{pages[:80]}'; the document has pages 1 to {count}. "
        "Write them as 1-3,5 for example."
    )


def _first_pages(count: int) -> list[int]:
    return list(range(1, min(count, DEFAULT_PAGES) + 1))


def _note(count: int, taken: int) -> str | None:
    if taken == count:
        return None
    return f"The document has {count} pages; the first {taken} were taken. Name others in 'pages'."


def _size(width_pt: float, height_pt: float) -> Size:
    scale = DPI / _POINTS_PER_INCH
    full = Size(max(1, round(width_pt * scale)), max(1, round(height_pt * scale)))
    return shrink(full, max_px=MOST_PAGE_PX)
