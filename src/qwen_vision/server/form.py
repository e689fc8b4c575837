"""Form: a multipart body taken apart while it arrives; the file passes through, piece by piece."""

from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from qwen_vision.errors import MalformedFormError

FILE_FIELD: Final = "file"
# All fields together; a policy form has about 2 kB of them.
MAX_FIELD_BYTES: Final = 64 * 1024


class Form:
    """Fields by their lower-case name, then one file. What follows the file is ignored."""

    def __init__(self, content_type: bytes | None) -> None:
        """Raises MalformedFormError when the type is no multipart form with a boundary."""
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise MalformedFormError(
                reason="Its Content-Type must be multipart/form-data with a boundary."
            )
        self.fields: dict[str, str] = {}
        self.in_file = False
        self.finished = False
        # The bytes behind the file when the form ends as it should.
        self.tail_bytes: Final = len(boundary) + 8
        self._had_file = False
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = b""
        self._name: str | None = None
        self._field_bytes = 0
        self._pieces: list[bytes] = []
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_part_data": self._take_data,
                    "on_part_end": self._end_part,
                    "on_header_begin": self._begin_header,
                    "on_header_field": self._take_header,
                    "on_header_value": self._take_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise MalformedFormError(reason="Its boundary is too long.") from error

    def feed(self, piece: bytes) -> list[bytes]:
        """Take more of the body; the parts of it that belong to the file.

        Raises MalformedFormError.
        """
        self._pieces = []
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise MalformedFormError(reason="A part of it cannot be read.") from error
        return self._pieces

    def _begin_part(self) -> None:
        self._disposition = b""
        self._name = None
        self._value.clear()

    def _begin_header(self) -> None:
        self._header.clear()
        self._value.clear()

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)

    def _end_headers(self) -> None:
        self._value.clear()
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name")
        if name is None:
            raise MalformedFormError(reason="A part of it has no name.")
        self._name = name.decode("utf-8", "replace").lower()
        if self._name == FILE_FIELD and not self._had_file:
            self.in_file = self._had_file = True

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self.in_file:
            self._pieces.append(data[start:end])
            return
        self._field_bytes += end - start
        if self._field_bytes > MAX_FIELD_BYTES:
            raise MalformedFormError(reason=f"Its fields are over {MAX_FIELD_BYTES} bytes.")
        self._value += data[start:end]

    def _end_part(self) -> None:
        if self.in_file:
            self.in_file = False
        elif self._name is not None and not self._had_file:
            self.fields[self._name] = self._value.decode("utf-8", "replace")

    def _end(self) -> None:
        self.finished = True

    @property
    def had_file(self) -> bool:
        """Whether the file has begun: the fields are complete."""
        return self._had_file
