"""A multipart form read as it comes: small fields as text, the file as chunks that nobody holds together."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from core.errors import BadInput

MAX_FIELD_BYTES = 4_096
MAX_FIELDS = 16


@dataclass(frozen=True)
class Head:
    """A part begins: its name, and the name of its file when it is one."""

    name: str
    filename: str | None


Piece = Head | bytes


class Form:
    """Parts of a form out of chunks of bytes."""

    def __init__(self, content_type: str, chunks: Iterator[bytes]) -> None:
        """Raises BadInput when `content_type` is no multipart form."""
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise BadInput("Send a multipart form with the fields purpose and file (curl: -F).")
        self._chunks = chunks
        self._parts = _Parts()
        self._parser = MultipartParser(options[b"boundary"], self._parts.callbacks())  # type: ignore[arg-type]

    def pieces(self) -> Iterator[Piece]:
        """A Head for each part, then its bytes. Raises BadInput for a form that is malformed or ends too early."""
        try:
            for chunk in self._chunks:
                self._parser.write(chunk)
                yield from self._parts.taken()
            self._parser.finalize()
        except FormParserError as error:
            raise BadInput(f"The form is malformed: {error}.") from error
        if not self._parts.ended:
            raise BadInput("The form ends before its last boundary; send it again.")


@dataclass
class _Parts:
    """What the parser has called out and nobody has taken yet."""

    found: list[Piece] = field(default_factory=list)
    ended: bool = False
    _name: bytes = b""
    _value: bytes = b""
    _disposition: bytes = b""
    _number: int = 0

    def callbacks(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in dir(self) if name.startswith("on_")}

    def taken(self) -> list[Piece]:
        found, self.found = self.found, []
        return found

    def on_part_begin(self) -> None:
        self._disposition = b""
        self._number += 1
        if self._number > MAX_FIELDS:
            raise BadInput(f"The form has more than {MAX_FIELDS} fields; send purpose, format and file.")

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise BadInput("A part of the form has no name; name it purpose, format or file.")
        filename = options.get(b"filename")
        told = None if filename is None else filename.decode(errors="replace")
        self.found.append(Head(options[b"name"].decode(errors="replace"), told))

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.found.append(bytes(data[start:end]))

    def on_end(self) -> None:
        self.ended = True
