"""Chunks of bytes cut into lines, with a cap on the length of a line while it still streams in."""

from collections.abc import Iterable, Iterator

from core.errors import BadInput

MAX_LINE_BYTES = 8 << 20
BOM = b"\xef\xbb\xbf"


def cut(chunks: Iterable[bytes], *, max_bytes: int = MAX_LINE_BYTES) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line) without line ends (LF or CRLF), a byte order mark and lines of white space.

    Memory stays below one chunk and `max_bytes`. Raises BadInput (param `line N`) for a longer line.
    """
    number, size = 1, 0
    parts: list[bytes] = []
    for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for piece in whole:
            _hold(number, size + len(piece), max_bytes)
            yield from _shown(number, b"".join([*parts, piece]))
            number, parts, size = number + 1, [], 0
        parts.append(rest)
        size += len(rest)
        _hold(number, size, max_bytes)
    yield from _shown(number, b"".join(parts))


def _hold(number: int, size: int, most: int) -> None:
    if size > most:
        raise BadInput(f"Line {number} has more than {most} bytes; shorten or remove it.", param=f"line {number}")


def _shown(number: int, line: bytes) -> Iterator[tuple[int, bytes]]:
    line = (line.removeprefix(BOM) if number == 1 else line).removesuffix(b"\r")
    if line.strip():
        yield number, line
