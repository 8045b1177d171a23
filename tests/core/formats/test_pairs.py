"""Files of pairs in four formats: what is written is read back, and every fault has its line and field."""

import io
import json
from collections.abc import Iterator

import pyarrow as arrow
import pytest
from hypothesis import given
from hypothesis import strategies as some
from pyarrow import parquet

from core.errors import BadInput, UnknownName
from core.formats.pair import FilePair, ScoredBy
from core.formats.read import read_pairs
from core.formats.write import CHUNK_BYTES, GROUP_ROWS, write_pairs

FORMATS = ("trl", "openai", "jsonl", "parquet")
words = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
numbers = some.none() | some.floats(allow_nan=False, allow_infinity=False)
scored = some.builds(ScoredBy, numbers, numbers)
turns = some.lists(some.fixed_dictionaries({"role": some.sampled_from(["system", "assistant"]), "content": words}))
pairs = some.builds(
    FilePair,
    line=some.just(1),
    messages=some.builds(lambda before, last: [*before, {"role": "user", "content": last}], turns, words),
    chosen=words,
    rejected=words,
    score_chosen=numbers,
    score_rejected=numbers,
    scores=some.dictionaries(words.filter(bool), scored, max_size=3),
    origin=some.builds(dict, weight=some.none() | some.floats(0, 1e9)),
)


def read(content: bytes, format: str) -> list[FilePair]:
    """The pairs of a file in memory."""
    return list(read_pairs(io.BytesIO(content), format))


@pytest.mark.parametrize("format", FORMATS)
@given(some.lists(pairs, min_size=1, max_size=4))
def test_what_is_written_is_read_back_without_loss(format: str, written: list[FilePair]) -> None:
    found = read(b"".join(write_pairs(written, format)), format)
    assert [pair.line for pair in found] == list(range(1, len(written) + 1))
    for before, after in zip(written, found, strict=True):
        assert (after.messages, after.chosen, after.rejected) == (before.messages, before.chosen, before.rejected)
        if format != "openai":
            assert (after.score_chosen, after.score_rejected) == (before.score_chosen, before.score_rejected)
            assert after.scores == before.scores
            assert after.origin.get("weight") == before.origin["weight"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_is_written_as_a_stream(format: str) -> None:
    """The first bytes leave before the last pairs are asked for."""
    asked = 0

    def endless() -> Iterator[FilePair]:
        nonlocal asked
        while True:
            asked += 1
            yield FilePair(asked, [{"role": "user", "content": "x" * 500}], str(asked), "no")

    assert next(write_pairs(endless(), format))
    assert asked <= max(GROUP_ROWS, CHUNK_BYTES // 500) + 1


def test_no_pairs_are_an_empty_file_that_tells_its_columns() -> None:
    assert b"".join(write_pairs([], "trl")) == b""
    assert b"".join(write_pairs([], "parquet")).startswith(b"PAR1")


def test_jsonl_carries_what_else_is_known() -> None:
    pair = FilePair(1, [{"role": "user", "content": "a"}], "b", "c", origin={"id": "pair_1", "critique": None})
    written = b"".join(write_pairs([pair], "jsonl"))
    told = json.loads(written)
    assert (told["id"], told["critique"], told["chosen"]) == ("pair_1", None, "b")
    assert b"".join(write_pairs(read(written, "jsonl"), "jsonl")) == written


def line(format: str, weight: object) -> bytes:
    """A file of one pair with a weight."""
    value: dict[str, object] = {"prompt": "a", "chosen": "b", "rejected": "c"}
    if format == "openai":
        value = {"input": {"messages": [{"role": "user", "content": "a"}]}}
        value |= {
            name: [{"role": "assistant", "content": "b"}] for name in ("preferred_output", "non_preferred_output")
        }
    if format == "parquet":
        sink = io.BytesIO()
        parquet.write_table(arrow.Table.from_pylist([value | {"weight": weight}]), sink)
        return sink.getvalue()
    return json.dumps(value | {"weight": weight}).encode()


@pytest.mark.parametrize("format", FORMATS)
def test_a_line_may_say_what_its_pair_weighs(format: str) -> None:
    assert read(line(format, 0.25), format)[0].origin == {"weight": 0.25}
    assert read(line(format, None), format)[0].origin.get("weight") is None
    for wrong in (-0.5, "heavy"):
        with pytest.raises(BadInput) as caught:
            read(line(format, wrong), format)
        assert caught.value.param == "line 1: weight"


GOOD = {"prompt": "a", "chosen": "b", "rejected": "c"}
OPENAI = {
    "input": {"messages": [{"role": "user", "content": "a"}]},
    "preferred_output": [{"role": "assistant", "content": "b"}],
    "non_preferred_output": [{"role": "assistant", "content": "c"}],
}


@pytest.mark.parametrize(
    ("format", "change", "param", "told"),
    [
        ("trl", {"prompt": None}, "prompt", "missing"),
        ("trl", {"prompt": []}, "prompt", "at least one message"),
        ("trl", {"prompt": 3}, "prompt", "list of at least one"),
        ("trl", {"chosen": 3}, "chosen", "list of at least one"),
        ("trl", {"chosen": [{"role": "user", "content": "b"}]}, "chosen.0.role", "assistant"),
        ("trl", {"chosen": [{"role": "assistant", "content": "b"}] * 2}, "chosen", "2 messages"),
        ("trl", {"prompt": [{"role": "assistant", "content": "b"}]}, "prompt.0.role", "must be user"),
        ("trl", {"prompt": ["a"]}, "prompt.0", "role and content"),
        ("trl", {"prompt": [{"role": "user"}]}, "prompt.0.content", "must be a text"),
        ("trl", {"score_chosen": "high"}, "score_chosen", "number or null"),
        ("trl", {"score_chosen": True}, "score_chosen", "number or null"),
        ("trl", {"score_chosen": 10**400}, "score_chosen", "too large"),
        ("jsonl", {"system": "s", "prompt": [{"role": "system", "content": "t"}, *OPENAI["input"]["messages"]]},
         "system", "beside a system message"),
        ("jsonl", {"scores": 1}, "scores", "object of scorers"),
        ("jsonl", {"scores": {"a": 1}}, "scores.a", "chosen and rejected"),
        ("jsonl", {"scores": {"a": {"chosen": "1"}}}, "scores.a.chosen", "number or null"),
        ("jsonl", {"scores": {"": {}}}, "scores", "at most 200"),
        ("jsonl", {"scores": {str(n): {} for n in range(65)}}, "scores", "at most 64"),
        ("jsonl", {"scores": [{"scorer": "a"}, {"scorer": "a"}]}, "scores.1.scorer", "twice"),
        ("jsonl", {"scores": [{"chosen": 1}]}, "scores.0.scorer", "must be a text"),
        ("openai", {"input": None}, "input", "object with messages"),
        ("openai", {"input": {}}, "input.messages", "at least one message"),
        ("openai", {"preferred_output": None}, "preferred_output", "missing"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_field(format: str, change: dict[str, object], param: str, told: str) -> None:
    good = OPENAI if format == "openai" else GOOD
    content = "\n".join(json.dumps(line) for line in (good, good | change)).encode()
    with pytest.raises(BadInput, match=told) as found:
        read(content, format)
    assert found.value.param == f"line 2: {param}"


def test_other_people_s_lines_are_understood() -> None:
    told = {"system": "Be brief.", "prompt": "a", "draft": "b", "revision": "c", "score_draft": 1, "score_revision": 2}
    (pair,) = read(json.dumps(told).encode(), "jsonl")
    assert [turn["role"] for turn in pair.messages] == ["system", "user"]
    assert (pair.chosen, pair.rejected, pair.score_chosen, pair.score_rejected) == ("c", "b", 2.0, 1.0)


def test_what_is_no_file_of_pairs_is_refused() -> None:
    with pytest.raises(BadInput, match="no pair in it"):
        read(b"", "trl")
    with pytest.raises(UnknownName, match="trl, openai, jsonl, parquet"):
        read(b"", "csv")
    deep = b'{"prompt": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(BadInput, match="nested deeper") as found:
        read(deep, "trl")
    assert found.value.param == "line 1"
