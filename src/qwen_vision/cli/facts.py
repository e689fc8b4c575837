"""Lines about an answer: what made it, and what was done to each item."""

from collections.abc import Mapping

from msgspec import UNSET

from qwen_vision.cli.answer import TimedAnswer
from qwen_vision.cli.completers import EngineChoice
from qwen_vision.protocol.receipt import MediaReceipt


def engine_line(answer: TimedAnswer, choice: EngineChoice) -> str:
    """What made the answer, from how many tokens, how fast."""
    completion = answer.completion
    maker = completion.system_fingerprint or completion.model
    if choice.remote is not None:
        maker += f" at {choice.place}"
    facts = [maker]
    usage = completion.usage
    if usage is not None:
        details = usage.prompt_tokens_details
        if details is not UNSET and details.image_tokens is not UNSET:
            facts.append(f"{details.image_tokens} image tokens")
        if details is not UNSET and details.video_tokens is not UNSET:
            facts.append(f"{details.video_tokens} video tokens")
        facts.append(f"{usage.completion_tokens} answer tokens")
    facts.append(f"{answer.elapsed_s:.1f} s")
    return f"[{' · '.join(facts)}]"


def receipt_lines(answer: TimedAnswer, names: Mapping[str, str]) -> list[str]:
    """A line for each item of the answer's receipt, and its notes; `names` as the user knows."""
    if not answer.receipt:
        return ["this server gives no receipts"]
    return [*(_receipt_line(item, names) for item in answer.receipt), *answer.notes]


def _receipt_line(receipt: MediaReceipt, names: Mapping[str, str]) -> str:
    facts = [receipt.kind]
    if receipt.page is not UNSET:
        facts.append(f"page {receipt.page}")
    if receipt.format is not UNSET:
        facts.append(receipt.format)
    if receipt.original_size is not UNSET:
        facts.append("{}x{}".format(*receipt.original_size))
    if receipt.final_size is not UNSET:
        facts.append("seen as {}x{}".format(*receipt.final_size))
    if receipt.tokens is not UNSET:
        facts.append(f"{receipt.tokens} tokens")
    facts += _video_facts(receipt)
    if receipt.coordinates is not UNSET:
        facts.append(f"places from {receipt.coordinates.source} to {receipt.coordinates.to}")
    if receipt.note is not UNSET:
        facts.append(receipt.note)
    return f"{names.get(receipt.param, receipt.param)}: {', '.join(facts)}"


def _video_facts(receipt: MediaReceipt) -> list[str]:
    facts = []
    if receipt.duration_s is not UNSET:
        facts.append(f"{receipt.duration_s:.1f} s")
    if receipt.frames is not UNSET:
        facts.append(f"{receipt.frames} frames")
    return facts
