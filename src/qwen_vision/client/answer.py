"""Answer: what came back, with everything worth knowing about it."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from msgspec import UNSET
from typing_extensions import override

from qwen_vision.client.structured import convert_value, parse_json
from qwen_vision.errors import StructuredOutputError
from qwen_vision.protocol.completion import AnswerToolCall, Completion
from qwen_vision.protocol.receipt import MediaReceipt
from qwen_vision.protocol.usage import Usage

Value_co = TypeVar("Value_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Answer(Generic[Value_co]):
    """A whole answer; `str(answer)` is its text.

    `parsed` is the value of the type given as `schema=`, checked; None without one.
    """

    completion: Completion
    parsed: Value_co

    @override
    def __str__(self) -> str:
        """The text."""
        return self.text

    @override
    def __repr__(self) -> str:
        """The text and, if there is one, the value: what a prompt of Python shows."""
        value = "" if self.parsed is None else f", parsed={self.parsed!r}"
        return f"Answer({self.text!r}{value})"

    @property
    def text(self) -> str:
        """The answer's text; empty when the model only calls tools."""
        return self.completion.choices[0].message.content or ""

    @property
    def reasoning(self) -> str:
        """What the model thought first; empty when it did not."""
        return self.completion.choices[0].message.reasoning_content or ""

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON value may come back
        """The JSON value in the text, in a code fence or not; raises StructuredOutputError."""
        value = parse_json(self.text)
        if value is UNSET:
            raise StructuredOutputError(
                f"The answer is no JSON: {self.text[:80]!r}. Ask with schema= or json=True."
            )
        return value

    @property
    def tool_calls(self) -> list[AnswerToolCall]:
        """The tools the model wants called."""
        return self.completion.choices[0].message.tool_calls or []

    @property
    def finish_reason(self) -> str | None:
        """Why the answer ended: `stop`, `length` or `tool_calls`."""
        return self.completion.choices[0].finish_reason

    @property
    def model(self) -> str:
        """The model that answered."""
        return self.completion.model

    @property
    def engine(self) -> str | None:
        """What made the answer, if the server says so."""
        return self.completion.system_fingerprint

    @property
    def usage(self) -> Usage | None:
        """Tokens of the question and the answer."""
        return self.completion.usage

    @property
    def receipt(self) -> list[MediaReceipt]:
        """What was done to each item; empty unless asked for with `receipt=True`."""
        receipts = self.completion.media_receipt
        return [] if receipts is UNSET else receipts

    @property
    def notes(self) -> list[str]:
        """What the receipt says of the answer as a whole, such as options without effect."""
        notes = self.completion.receipt_notes
        return [] if notes is UNSET else notes


def read_value(answer: Answer[None], shape: Any) -> Any:  # noqa: ANN401 - the caller's type
    """The answer's value as `shape` describes it, checked.

    Raises StructuredOutputError, with what is wrong and where, when it does not fit.
    """
    value = parse_json(answer.text)
    try:
        if value is UNSET:
            raise ValueError(f"it is no JSON: {answer.text[:80]!r}")  # noqa: TRY301 - told below
        return convert_value(value, shape)
    except ValueError as error:
        cut = answer.finish_reason == "length"
        advice = (
            "It was cut at its token limit: give a higher max_tokens."
            if cut
            else "Simplify the schema, name its fields in the prompt, or use another model."
        )
        problem = " ".join(str(error).split())
        raise StructuredOutputError(
            f"The answer of {answer.engine or answer.model} does not fit the schema: {problem}. "
            f"{advice}"
        ) from error
