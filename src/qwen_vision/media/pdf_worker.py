"""The process that draws pages of PDFs for `pdfium`: answers questions until its input ends."""

import sys
from typing import BinaryIO

import msgspec
import pypdfium2
from PIL import Image as PillowImage

from qwen_vision.media.pdfium import Question, Reply, read_bytes, read_message, write_message

if sys.platform != "win32":
    import resource

# Beyond the largest page drawn there is room for what PDFium unpacks on the way.
_MOST_MEMORY_BYTES = 1 << 30
_FAILURES = (pypdfium2.PdfiumError, ValueError, IndexError, MemoryError, OSError, ArithmeticError)


def answer(question: Question, data: bytes) -> tuple[Reply, bytes]:
    """The reply to one question, and the pixels that belong to it."""
    try:
        document = pypdfium2.PdfDocument(question.path or data)
    except _FAILURES as error:
        return Reply(failed=True, locked="password" in str(error).lower()), b""
    try:
        if question.number is None:
            return Reply(
                sizes=[document.get_page_size(index) for index in range(len(document))]
            ), b""
        pixels = _drawn(document[question.number - 1], (question.width_px, question.height_px))
        return Reply(size_bytes=len(pixels)), pixels
    except _FAILURES:
        return Reply(failed=True), b""
    finally:
        document.close()


def _drawn(page: pypdfium2.PdfPage, box: tuple[int, int]) -> bytes:
    width_pt, height_pt = page.get_size()
    scale = max(box[0] / width_pt, box[1] / height_pt)
    drawn: PillowImage.Image = page.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
    if drawn.size != box:
        drawn = drawn.resize(box, PillowImage.Resampling.BICUBIC)
    return drawn.tobytes()


def serve(questions: BinaryIO, replies: BinaryIO) -> None:
    """Answer one question after another until the other side closes."""
    while True:
        try:
            question = msgspec.json.decode(read_message(questions), type=Question)
        except EOFError:
            return
        reply, pixels = answer(question, read_bytes(questions, question.size_bytes))
        write_message(replies, msgspec.json.encode(reply), pixels)


if __name__ == "__main__":
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY_BYTES, _MOST_MEMORY_BYTES))
    serve(sys.stdin.buffer, sys.stdout.buffer)
