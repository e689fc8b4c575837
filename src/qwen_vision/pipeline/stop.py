"""Stop sequences: ends the text before the first of them, wherever the pieces were cut."""

from collections.abc import Sequence

from qwen_vision.pipeline.bridges.tags import possible_start


class StopFilter:
    """Lets text through until a stop sequence appears; holds back what might begin one."""

    def __init__(self, sequences: Sequence[str]) -> None:
        self.sequences = tuple(filter(None, sequences))
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """The part of the text so far that is safe to send."""
        if not self.sequences:
            return text
        if self.stopped:
            return ""
        self._held += text
        places = [at for item in self.sequences if (at := self._held.find(item)) >= 0]
        if places:
            self.stopped = True
            return self._release(min(places))
        return self._release(len(self._held) - self._possible_start())

    def flush(self) -> str:
        """What was held back, when no more text comes."""
        return "" if self.stopped else self._release(len(self._held))

    def _release(self, count: int) -> str:
        sent, self._held = self._held[:count], self._held[count:]
        return sent

    def _possible_start(self) -> int:
        return max(possible_start(self._held, item) for item in self.sequences)
