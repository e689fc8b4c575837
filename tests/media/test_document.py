"""Pages of PDFs seen as pictures."""

import asyncio
import io
import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image as PillowImage

from qwen_vision.errors import ImageDecodeError, MediaError, TooManyImagesError
from qwen_vision.media.blob import Blob
from qwen_vision.media.door import Opening
from qwen_vision.media.items import Size
from qwen_vision.media.pdfium import page_sizes
from qwen_vision.protocol.parts import ImagePart
from tests.media.files import corners, data_uri, encoded

PARAM = "messages[0].content[0]"
A4 = (595, 842)


def document(pages: int = 3, size: tuple[int, int] = A4) -> bytes:
    """A PDF whose pages are ever brighter greys, at 72 dpi."""
    shades = [20 + 200 * number // max(1, pages - 1) for number in range(pages)]
    first, *others = [PillowImage.new("RGB", size, (shade,) * 3) for shade in shades]
    file = io.BytesIO()
    first.save(file, "PDF", save_all=True, append_images=others)
    return file.getvalue()


def part(data: bytes, pages: str | None = None) -> ImagePart:
    """A content part with a PDF."""
    return ImagePart(image_url=data_uri(data, "application/pdf"), pages=pages)


async def test_every_page_becomes_a_picture(wire: Opening) -> None:
    images = await wire.image(part(document()), param=PARAM)
    assert [image.page for image in images] == [1, 2, 3]
    greys = []
    for image in images:
        pixels = await image.pixels()
        assert pixels.size == (image.final.width_px, image.final.height_px)
        middle = pixels.getpixel((200, 200))
        assert isinstance(middle, tuple)
        greys.append(round(middle[0] / 10))
    assert greys == [2, 12, 22]


async def test_a_page_is_measured_at_200_dpi(wire: Opening) -> None:
    [image] = await wire.image(part(document(1)), param=PARAM)
    assert image.original == Size(1653, 2339)
    assert image.tokens == 2522
    assert (await image.pixels(max_px=10**9)).size == (1653, 2339)


async def test_a_huge_page_is_drawn_smaller(wire: Opening) -> None:
    [image] = await wire.image(part(document(1, (9000, 9000))), param=PARAM)
    assert image.original.width_px * image.original.height_px <= 16_777_216


def test_a_file_is_found_from_the_folder_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        # The process that draws was begun in the folder of the first.
        monkeypatch.chdir(folder)
        Path(f"{name}.pdf").write_bytes(document(2))
        path = Path(f"{name}.pdf")
        blob = Blob(source="path", size_bytes=path.stat().st_size, path=path)
        assert page_sizes(blob) == [A4, A4]


@pytest.mark.parametrize(
    ("pages", "taken"),
    [("1", [1]), ("2-3", [2, 3]), ("3,1", [3, 1]), ("2-", [2, 3, 4, 5]), (" 1 - 2 , 2 ", [1, 2])],
)
async def test_pages_can_be_named(wire: Opening, pages: str, taken: list[int]) -> None:
    images = await wire.image(part(document(5), pages), param=PARAM)
    assert [image.page for image in images] == taken


@pytest.mark.parametrize(
    "pages", ["0", "6", "", "x", "2-1", "1-9", "-3", "1,,2", "\uff19", "9" * 5000]
)
async def test_pages_that_are_not_there_are_refused(wire: Opening, pages: str) -> None:
    with pytest.raises(MediaError, match="the document has pages 1 to 5"):
        await wire.image(part(document(5), pages), param=PARAM)


async def test_a_long_document_gives_its_first_pages_and_says_so(wire: Opening) -> None:
    images = await wire.image(part(document(20, (40, 40))), param=PARAM)
    assert len(images) == 16
    assert "20 pages; the first 16" in str(images[0].receipt().note)


async def test_pages_count_as_pictures(wire: Opening) -> None:
    data = document(128, (40, 40))
    await wire.image(part(data, "1-"), param=PARAM)
    await wire.image(part(data, "1-"), param=PARAM)
    with pytest.raises(TooManyImagesError):
        await wire.image(ImagePart(image_url=data_uri(encoded(corners(), "png"))), param=PARAM)


async def test_too_many_pages_are_refused(wire: Opening) -> None:
    with pytest.raises(MediaError, match="names 300 pages"):
        await wire.image(part(document(300, (40, 40)), "1-300"), param=PARAM)


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\ngarbage" * 50, document()[:200]])
async def test_a_broken_document_is_refused(wire: Opening, data: bytes) -> None:
    with pytest.raises(ImageDecodeError) as caught:
        await wire.image(part(data), param=PARAM)
    assert caught.value.param == PARAM


def endless(depth: int = 9, fan: int = 10) -> bytes:
    """A small PDF whose page draws a form ten times, which draws another ten times, and so on."""
    again = b"/X Do\n" * fan
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R"
        b" /Resources << /XObject << /X 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(again), again),
    ]
    for form in range(depth):
        last = form == depth - 1
        body = b"0 0 200 200 re f\n" * fan if last else again
        inner = b"" if last else b"/Resources << /XObject << /X %d 0 R >> >>" % (6 + form)
        head = b"<< /Type /XObject /Subtype /Form /BBox [0 0 300 300] %s /Length %d >>"
        objects.append(head % (inner, len(body)) + b"\nstream\n%s\nendstream" % body)
    data, places = b"%PDF-1.7\n", b"0000000000 65535 f \n"
    for number, body in enumerate(objects, 1):
        places += b"%010d 00000 n \n" % len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    count = len(objects) + 1
    return data + b"xref\n0 %d\n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        count,
        places,
        count,
        len(data),
    )


@pytest.mark.slow
async def test_a_page_that_takes_for_ever_is_given_up_and_holds_up_nobody(wire: Opening) -> None:
    [slow] = await wire.image(part(endless()), param=PARAM)
    drawing = asyncio.create_task(slow.pixels())
    for picture in await wire.image(part(document()), param=PARAM):
        await picture.pixels()
    assert not drawing.done()
    with pytest.raises(ImageDecodeError) as caught:
        await drawing
    assert caught.value.param == PARAM
    [again] = await wire.image(part(document(1)), param=PARAM)
    assert (await again.pixels()).size == (again.final.width_px, again.final.height_px)


def test_nothing_in_the_working_folder_runs_in_a_worker(tmp_path: Path) -> None:
    (tmp_path / "page.pdf").write_bytes(document(1))
    (tmp_path / "msgspec.py").write_text("import pathlib; pathlib.Path('ran').touch()", "utf-8")
    command = Path(sys.executable).with_name("qwen-vision")
    done = subprocess.run(  # noqa: S603 - our own command
        [command, "analyze", "page.pdf", "What size is it?", "--engine", "local"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, (tmp_path / "ran").exists()) == (0, False), done.stderr


async def test_a_page_has_its_own_hash_and_receipt(wire: Opening) -> None:
    first, second, _ = await wire.image(part(document()), param=PARAM)
    again, *_ = await wire.image(part(document(), "1"), param=PARAM)
    assert first.content_hash != second.content_hash
    assert (first.receipt().kind, second.receipt().page) == ("page", 2)
    assert again.page == 1


def test_the_generated_documents_are_real() -> None:
    assert len(pypdfium2.PdfDocument(document())) == 3
