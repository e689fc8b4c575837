"""Trace: the thinking that is sent, within its budget."""

from qwen_vision.engines.text_tokens import estimate_tokens


class Trace:
    """Passes thoughts on until the budget (in tokens) is spent, then says once that it is."""

    def __init__(self, budget: int | None) -> None:
        self._left = budget
        self._started = False

    def next(self, thought: str) -> str:
        """The text to send for a thought; empty when the budget is spent."""
        text = ("\n" if self._started else "") + thought
        if self._left is None:
            self._started = True
            return text
        cost = estimate_tokens(text)
        if cost > self._left:
            self._left = 0
            return ""
        self._left -= cost
        self._started = True
        return text
