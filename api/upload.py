"""A file on its way in: streamed to the disk, hashed, and checked line by line while it comes."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, cast

from pydantic import ValidationError

from api.form import MAX_FIELD_BYTES, Form, Head, Piece
from core import uploads
from core.configs.config import Config
from core.errors import BadInput, Unavailable
from core.formats.prompts import read_prompts
from core.formats.read import read_pairs
from core.ids import new_id
from core.settings import settings

FORMATS = {"prompts": ("jsonl", "parquet"), "pairs": ("trl", "openai", "jsonl", "parquet")}
CHUNK = 1 << 20


class FileFields(Config):
    """The fields beside the file."""

    purpose: Literal["prompts", "pairs"]
    format: Literal["trl", "openai", "jsonl", "parquet"] | None = None


@dataclass(frozen=True)
class Received:
    """A file that was checked and lies under a name of its own; `keep` gives it its place."""

    fields: FileFields
    format: str
    name: str
    size: int
    rows: int
    sha256: str
    unfinished: Path

    def keep(self, id: str) -> str:
        """Move the file to its place; returns the path as the ledger keeps it."""
        self.unfinished.rename(self.unfinished.with_name(id))
        return f"{uploads.FOLDER}/{id}"

    def drop(self) -> None:
        """Delete it, if it was not kept."""
        self.unfinished.unlink(missing_ok=True)

    @property
    def request_hash(self) -> bytes:
        """What was sent, whatever boundary the form had."""
        told = f"{self.fields.purpose}\n{self.format}\n{self.name}\n{self.sha256}"
        return hashlib.sha256(told.encode(errors="replace")).digest()


@dataclass
class Incoming:
    """The file part as something to read from: each chunk is written and hashed before it is handed on."""

    chunks: Iterator[bytes]
    sink: BinaryIO
    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def read(self, _size: int = -1) -> bytes:
        """The next chunk, of whatever size it came in; empty at the end. Raises BadInput over the cap."""
        chunk = next(self.chunks, b"")
        self.size += len(chunk)
        if self.size > settings().max_file_bytes:
            raise BadInput(f"The file has more than {settings().max_file_bytes} bytes; split it.", param="file")
        self.sink.write(chunk)
        self.digest.update(chunk)
        return chunk

    def drain(self) -> None:
        """Take what nobody has read."""
        while self.read():
            pass


def receive(content_type: str, chunks: Iterator[bytes]) -> Received:
    """Take a form in. Lines are checked as they come where the fields stand before the file.

    Raises BadInput (param: the field, or `line N: path`), Unavailable when the disk is full; then nothing is left.
    """
    path = uploads.folder() / (uploads.UNFINISHED + new_id("file"))
    try:
        with path.open("xb") as sink:
            received = _take(Form(content_type, chunks).pieces(), sink, path)
            sink.flush()
            os.fsync(sink.fileno())
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable("The disk is full; make room in the data folder.") from error
        raise
    return received


def _take(pieces: Iterator[Piece], sink: BinaryIO, path: Path) -> Received:
    told: dict[str, str] = {}
    incoming = rows = None
    name = ""
    source = _Parts(pieces)
    while (head := source.head()) is not None:
        if head.name != "file":
            told[head.name] = source.text(head.name)
        elif incoming is not None:
            raise BadInput("The form has two files; send one.", param="file")
        else:
            name, incoming = _name(head), Incoming(source.body(), sink)
            if "purpose" in told and _streams(told, name):
                rows = _count(cast(BinaryIO, incoming), _fields(told), name)
            incoming.drain()
    fields = _fields(told)
    if incoming is None:
        raise BadInput("The form has no file; add the field file (curl: -F file=@pairs.jsonl).", param="file")
    sink.flush()
    with path.open("rb") as whole:
        rows = _count(whole, fields, name) if rows is None else rows
    return Received(fields, _format(fields, name), name, incoming.size, rows, incoming.digest.hexdigest(), path)


@dataclass
class _Parts:
    """Pieces of a form, part by part."""

    pieces: Iterator[Piece]
    _next: Piece | None = None

    def head(self) -> Head | None:
        """The next part, past what is left of this one; None at the end."""
        for _ in self.body():
            pass
        found, self._next = self._next, None
        return cast(Head | None, found)

    def body(self) -> Iterator[bytes]:
        """The bytes of the part."""
        while self._next is None:
            piece = next(self.pieces, None)
            if piece is None:
                return
            if isinstance(piece, Head):
                self._next = piece
            else:
                yield piece

    def text(self, name: str) -> str:
        """The part as a short text. Raises BadInput."""
        whole = b""
        for piece in self.body():
            whole += piece
            if len(whole) > MAX_FIELD_BYTES:
                raise BadInput(f"{name} has more than {MAX_FIELD_BYTES} bytes.", param=name)
        with suppress(UnicodeDecodeError):
            return whole.decode()
        raise BadInput(f"{name} is not UTF-8.", param=name)


def _fields(told: dict[str, str]) -> FileFields:
    try:
        return FileFields.model_validate(told)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = str(fault["loc"][0])
        said = "there is no such field; leave it out" if fault["type"] == "extra_forbidden" else fault["msg"]
        raise BadInput(f"{name}: {said[:1].lower()}{said[1:]}.", param=name) from error


def _format(fields: FileFields, name: str) -> str:
    """As told; left out, by the name of the file. Raises BadInput for one that the purpose has not."""
    found = fields.format or ("parquet" if name.endswith(".parquet") else "jsonl")
    if found not in FORMATS[fields.purpose]:
        known = ", ".join(FORMATS[fields.purpose])
        raise BadInput(f"A file of {fields.purpose} is one of {known}, not {found}.", param="format")
    return found


def _streams(told: dict[str, str], name: str) -> bool:
    """Whether it can be checked before it is whole."""
    return _format(_fields(told), name) != "parquet"


def _count(file: BinaryIO, fields: FileFields, name: str) -> int:
    """Rows of a file, all of them checked. Raises BadInput at the first fault."""
    read = read_prompts if fields.purpose == "prompts" else read_pairs
    return sum(1 for _ in read(file, _format(fields, name)))


def _name(head: Head) -> str:
    """The last step of the file's own name, for people; no path is made of it."""
    name = (head.filename or "file").replace("\\", "/").rpartition("/")[2]
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)[:200] or "file"
