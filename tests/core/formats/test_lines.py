"""Chunks cut into lines."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.errors import BadInput
from core.formats.lines import cut


@given(text=some.binary(max_size=60), size=some.integers(1, 7))
def test_lines_do_not_depend_on_how_they_come_in(text: bytes, size: int) -> None:
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    assert list(cut(chunks)) == list(cut([text]))


def test_empty_lines_count_and_line_ends_of_any_kind_are_taken_off() -> None:
    assert list(cut([b"\xef\xbb\xbfa\r\n\n b \n\t\nc"])) == [(1, b"a"), (3, b" b "), (5, b"c")]


def test_a_line_that_is_too_long_is_refused_before_it_is_whole() -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 10

    with pytest.raises(BadInput, match="Line 1 has more than 100 bytes") as found:
        list(cut(endless(), max_bytes=100))
    assert (read, found.value.param) == (11, "line 1")
