"""The wire between a worker and its engine."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.engine.frames import HEADER, MAX_BYTES, BrokenFrame, Unpacker, pack

frames = st.lists(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.lists(st.integers()))), max_size=5)


@given(frames, st.integers(1, 50))
def test_frames_arrive_whole_however_the_bytes_are_cut(sent: list[dict[str, object]], size: int) -> None:
    data = b"".join(pack(frame) for frame in sent)
    unpacker = Unpacker()
    received = [frame for start in range(0, len(data), size) for frame in unpacker.feed(data[start : start + size])]
    assert received == sent


def test_lone_surrogates_pass() -> None:
    assert Unpacker().feed(pack({"text": "\ud800\x00"})) == [{"text": "\ud800\x00"}]


@pytest.mark.parametrize("body", [b"no json", b"[1]", b'"text"'])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(BrokenFrame):
        Unpacker().feed(HEADER.pack(len(body)) + body)


def test_a_frame_without_end_is_refused_before_it_arrives() -> None:
    with pytest.raises(BrokenFrame, match="announced"):
        Unpacker().feed(struct.pack(">I", MAX_BYTES + 1))
