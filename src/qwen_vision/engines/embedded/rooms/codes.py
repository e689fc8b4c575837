"""Codes: what barcodes and QR codes hold."""

from collections.abc import AsyncIterator

from qwen_vision.engines.embedded.facts import Barcode, TextLine
from qwen_vision.engines.embedded.places import place_words
from qwen_vision.engines.embedded.proofs import whole_box
from qwen_vision.engines.embedded.scene import Scene
from qwen_vision.engines.embedded.steps import Proof, Say, Step, Thought
from qwen_vision.protocol.receipt import Evidence


async def tell_codes(scene: Scene) -> AsyncIterator[Step]:
    """The payload of every code in the pictures asked about."""
    several = len(scene.images) > 1
    for place, (index, image) in enumerate(scene.images):
        codes = await scene.eyes.codes(image)
        yield Thought(f"Looked for barcodes in picture {index + 1}: found {len(codes)}.")
        head = scene.say(f"Picture {index + 1}: ", f"图片 {index + 1}：") if several else ""
        yield Say("\n" * (place > 0) + head)
        if not codes:
            yield Say(
                scene.say(
                    "I find no QR code or barcode that can be read in this picture.",
                    "这张图片中没有找到可读取的二维码或条形码。",
                )
            )
        for number, code in enumerate(codes):
            where = place_words(code_line(code).box, image.original, scene.language)
            yield Proof(
                Evidence("code", index, box=whole_box(code_line(code).box), text=code.payload)
            )
            yield Say(
                ("\n" if number else "")
                + scene.say(
                    f"The {code.symbology} at the {where} holds: {code.payload}",
                    f"{where}的 {code.symbology} 内容是：{code.payload}",
                ),
                bare=code.payload,
            )


def code_line(code: Barcode) -> TextLine:
    """The code's payload as if it were a line of text, for places and boxes."""
    return TextLine(code.payload, code.quad, 1.0)
