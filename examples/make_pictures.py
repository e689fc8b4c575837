"""Draws every picture of this folder that is not a photograph: python examples/make_pictures.py.

The words are invented. The font is the one inside Pillow (Aileron, CC0), so nothing else is
needed but this project's own packages.
"""

import math
from pathlib import Path

import av
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter, ImageFont

HERE = Path(__file__).parent
INK = (28, 28, 32)
GREY = (120, 124, 132)
BLUE = (24, 78, 148)
MENU = "https://example.com/menu?table=12"
CLOTH = (96, 104, 116)


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font in a size in pixels."""
    return ImageFont.load_default(size=size)


class Page:
    """White paper to write on; y runs down, all in pixels."""

    def __init__(self, width: int, height: int, color: tuple[int, int, int] = (255, 255, 255)):
        self.image = Image.new("RGB", (width, height), color)
        self.draw = ImageDraw.Draw(self.image)

    def write(self, at: tuple[int, int], text: str, size: int, **look: object) -> None:
        """Text at a point; `anchor` and `fill` as in Pillow."""
        fill = look.get("fill", INK)
        self.draw.text(at, text, font=font(size), fill=fill, anchor=str(look.get("anchor", "ls")))

    def rule(self, left: int, right: int, *, y: int, color: tuple[int, int, int] = GREY) -> None:
        """A thin horizontal line."""
        self.draw.line((left, y, right, y), fill=color, width=2)


def receipt() -> Image.Image:
    """A till receipt on grey cloth, a little turned, as a phone would take it."""
    page = Page(560, 940, (250, 249, 245))
    page.write((280, 70), "GREEN VALLEY MARKET", 38, anchor="ms")
    page.write((280, 108), "12 Orchard Road, Springfield", 24, anchor="ms")
    page.write((280, 140), "Tel. 555-0142", 24, anchor="ms")
    page.rule(40, 520, y=168)
    page.write((40, 208), "Date: 2026-03-14", 25)
    page.write((520, 208), "Time: 16:42", 25, anchor="rs")
    page.write((40, 244), "Receipt No. 004817", 25)
    page.write((520, 244), "Cashier: Mia", 25, anchor="rs")
    page.rule(40, 520, y=268)
    y = 314
    for name, price in (
        ("Whole milk 1 l", "1.29"),
        ("Sourdough bread", "3.80"),
        ("Free-range eggs x 10", "4.15"),
        ("Bananas 0.84 kg", "1.67"),
        ("Dark chocolate 85%", "2.49"),
        ("Olive oil 500 ml", "7.95"),
    ):
        page.write((40, y), name, 27)
        page.write((520, y), price, 27, anchor="rs")
        y += 44
    page.rule(40, 520, y=y - 14)
    for name, price in (("Subtotal", "21.35"), ("VAT 7%", "1.49")):
        page.write((40, y + 24), name, 27)
        page.write((520, y + 24), price, 27, anchor="rs")
        y += 42
    page.write((40, y + 44), "TOTAL", 42)
    page.write((520, y + 44), "EUR 22.84", 42, anchor="rs")
    page.write((40, y + 96), "Paid by card **** 4021", 25)
    page.write((280, y + 160), "Thank you for shopping with us!", 25, anchor="ms")
    return _on_cloth(page.image)


def _on_cloth(paper: Image.Image) -> Image.Image:
    light = Image.linear_gradient("L").resize((760, 1120))
    picture = Image.merge(
        "RGB", [light.point([base + v // 8 for v in range(256)]) for base in CLOTH]
    )
    mask = Image.new("L", paper.size, 255)
    turned = paper.rotate(1.6, expand=True, resample=Image.Resampling.BICUBIC)
    cut = mask.rotate(1.6, expand=True, resample=Image.Resampling.BICUBIC)
    shadow = Image.new("L", picture.size, 0)
    shadow.paste(cut, (96, 84))
    picture.paste((30, 32, 36), (0, 0), shadow.filter(ImageFilter.GaussianBlur(12)))
    picture.paste(turned, (84, 72), cut)
    return picture


def invoice() -> Image.Image:
    """A one-page invoice with a table, A4 at 110 dpi."""
    page = Page(910, 1286)
    page.draw.rectangle((0, 0, 910, 16), fill=BLUE)
    page.write((70, 110), "Northwind Instruments Ltd.", 34, fill=BLUE)
    page.write((70, 144), "8 Harbour Street, Bristol BS1 4RW, United Kingdom", 20, fill=GREY)
    page.write((840, 110), "INVOICE", 44, anchor="rs")
    for row, (name, value) in enumerate(
        (
            ("Invoice number", "NW-2026-0391"),
            ("Invoice date", "2026-02-27"),
            ("Due date", "2026-03-29"),
        )
    ):
        page.write((500, 210 + 32 * row), name, 21, fill=GREY)
        page.write((840, 210 + 32 * row), value, 21, anchor="rs")
    page.write((70, 210), "Bill to", 21, fill=GREY)
    for row, line in enumerate(("Acme Optics GmbH", "Lindenallee 5", "10115 Berlin, Germany")):
        page.write((70, 242 + 30 * row), line, 22)
    _invoice_table(page)
    page.write((70, 940), "Payment by bank transfer within 30 days.", 21)
    page.write((70, 972), "IBAN GB00 NWIN 0000 0012 3456 78    BIC NWINGB00", 21)
    page.write((70, 1210), "VAT registration GB 000 1234 56", 18, fill=GREY)
    return page.image


def _invoice_table(page: Page) -> None:
    columns = ((90, "ls"), (540, "rs"), (690, "rs"), (830, "rs"))
    rows: tuple[tuple[str, ...], ...] = (
        ("Description", "Quantity", "Unit price", "Amount"),
        ("Microscope lens 40x", "2", "189.00", "378.00"),
        ("LED ring light", "3", "64.50", "193.50"),
        ("Glass slides, box of 100", "10", "12.20", "122.00"),
        ("Calibration service", "1", "240.00", "240.00"),
    )
    page.draw.rectangle((70, 380, 840, 428), fill=(232, 239, 248))
    for row, cells in enumerate(rows):
        y = 412 + 52 * row
        for (x, anchor), text in zip(columns, cells, strict=True):
            page.write((x, y), text, 22, anchor=anchor)
        page.rule(70, 840, y=y + 16, color=(205, 212, 222))
    for row, (name, value, size) in enumerate(
        (("Subtotal", "933.50", 22), ("VAT 20%", "186.70", 22), ("Total due", "GBP 1,120.20", 28))
    ):
        page.write((500, 712 + 46 * row), name, size)
        page.write((830, 712 + 46 * row), value, size, anchor="rs")


def chart() -> Image.Image:
    """A bar chart with a title, axis labels and a value over every bar."""
    page = Page(960, 620)
    page.write((480, 60), "Visitors to the museum in 2025", 34, anchor="ms")
    page.write((480, 96), "thousand people per month", 21, anchor="ms", fill=GREY)
    for tick in range(0, 51, 10):
        y = 530 - 8 * tick
        page.rule(90, 920, y=y, color=(225, 228, 233))
        page.write((78, y), str(tick), 20, anchor="rm", fill=GREY)
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    values = (12, 15, 19, 24, 31, 38, 46, 44, 33, 26, 17, 21)
    for place, (month, value) in enumerate(zip(months, values, strict=True)):
        x = 104 + 68 * place
        color = (214, 96, 48) if value == max(values) else BLUE
        page.draw.rectangle((x, 530 - 8 * value, x + 46, 530), fill=color)
        page.write((x + 23, 522 - 8 * value), str(value), 20, anchor="ms")
        page.write((x + 23, 562), month, 20, anchor="ms")
    return page.image


def sign() -> Image.Image:
    """A station sign."""
    page = Page(900, 420, (196, 206, 214))
    page.draw.rounded_rectangle((40, 50, 860, 370), radius=26, fill=(17, 66, 54))
    page.draw.rounded_rectangle((52, 62, 848, 358), radius=20, outline=(255, 255, 255), width=5)
    page.write((110, 185), "Platform 7", 92, fill=(255, 255, 255))
    page.write((110, 300), "Trains to Riverside", 56, fill=(255, 255, 255))
    page.draw.polygon(((700, 130), (700, 220), (790, 175)), fill=(255, 255, 255))
    page.draw.rectangle((630, 158, 702, 192), fill=(255, 255, 255))
    return page.image


def code() -> Image.Image:
    """A poster with a QR code."""
    page = Page(620, 720)
    page.write((310, 90), "Scan for the menu", 44, anchor="ms")
    barcode = zxingcpp.create_barcode(MENU, zxingcpp.BarcodeFormat.QRCode)
    squares = Image.fromarray(barcode.to_image(scale=12))
    side = min(squares.size)
    page.image.paste(squares.convert("RGB"), ((620 - side) // 2, 140))
    page.write((310, 670), "Table 12", 40, anchor="ms")
    return page.image


def clip(path: Path, *, seconds: int = 5, fps: int = 24) -> None:
    """A ball that bounces from left to right past a clock that counts seconds."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("h264", rate=fps, options={"crf": "26"})
        stream.width, stream.height, stream.pix_fmt = 480, 270, "yuv420p"
        for number in range(seconds * fps):
            picture = _clip_frame(number / fps, seconds)
            for packet in stream.encode(av.VideoFrame.from_image(picture)):
                file.mux(packet)
        for packet in stream.encode():
            file.mux(packet)


def _clip_frame(time_s: float, seconds: int) -> Image.Image:
    page = Page(480, 270, (222, 234, 246))
    page.draw.rectangle((0, 226, 480, 270), fill=(108, 142, 84))
    x = 40 + 400 * time_s / seconds
    y = 196 - 120 * abs(math.sin(math.pi * time_s))
    page.draw.ellipse((x - 28, y - 28, x + 28, y + 28), fill=(204, 48, 44))
    page.write((16, 38), "BALL TEST", 28)
    page.write((464, 38), f"Second {int(time_s)}", 28, anchor="rs")
    return page.image


def main() -> None:
    """Write all files next to this script."""
    for name, picture in (
        ("receipt.png", receipt()),
        ("invoice.png", invoice()),
        ("chart.png", chart()),
        ("sign.png", sign()),
        ("qrcode.png", code()),
    ):
        picture.quantize(64, dither=Image.Dither.NONE).convert("RGB").save(
            HERE / name, optimize=True
        )
    clip(HERE / "clip.mp4")


if __name__ == "__main__":
    main()
