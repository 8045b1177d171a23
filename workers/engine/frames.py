"""The wire between a worker and its engine: JSON objects, each headed by its length in four bytes."""

import json
import struct
from typing import Any

Frame = dict[str, Any]
HEADER = struct.Struct(">I")
MAX_BYTES = 1 << 30


class BrokenFrame(ValueError):
    """The other side sent something that is not a frame."""


def pack(frame: Frame) -> bytes:
    """The bytes of one frame."""
    body = json.dumps(frame, separators=(",", ":")).encode()
    return HEADER.pack(len(body)) + body


class Unpacker:
    """Cuts a stream of bytes into frames, however the bytes arrive."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes and return the frames that are whole now. Raises BrokenFrame."""
        self._buffer += data
        frames = []
        while (length := self._length()) is not None and len(self._buffer) >= HEADER.size + length:
            body = bytes(self._buffer[HEADER.size : HEADER.size + length])
            del self._buffer[: HEADER.size + length]
            frames.append(_parse(body))
        return frames

    def _length(self) -> int | None:
        if len(self._buffer) < HEADER.size:
            return None
        length: int = HEADER.unpack_from(self._buffer)[0]
        if length > MAX_BYTES:
            raise BrokenFrame(f"A frame of {length} bytes was announced; {MAX_BYTES} is the most.")
        return length


def _parse(body: bytes) -> Frame:
    try:
        frame = json.loads(body)
    except ValueError as error:
        raise BrokenFrame(f"A frame is not JSON: {body[:80]!r}.") from error
    if not isinstance(frame, dict):
        raise BrokenFrame(f"A frame is not an object: {body[:80]!r}.")
    return frame
