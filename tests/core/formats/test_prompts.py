"""Files of prompts: both formats, and every fault with its line and field."""

import io

import pyarrow as arrow
import pytest
from pyarrow import parquet

from core.errors import BadInput, UnknownName
from core.formats.prompts import read_prompts


def parquet_of(columns: dict[str, list[object]]) -> io.BytesIO:
    """A parquet file in memory."""
    file = io.BytesIO()
    parquet.write_table(arrow.table(columns), file)
    file.seek(0)
    return file


def test_a_prompt_is_a_text_or_messages_with_what_belongs_to_it() -> None:
    lines = (
        b'{"text": "Why?", "guard": true, "tags": {"topic": "sky"}}\n'
        b'{"prompt": "When?", "expect": {"any_of": ["noon"]}}\n'
        b'{"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who?"}]}\n'
        b'{"messages": [{"role": "user", "content": "Where?"}]}'
    )
    first, second, third, fourth = read_prompts(io.BytesIO(lines), "jsonl")
    assert (first.text, first.guard, first.tags) == ("Why?", True, {"topic": "sky"})
    assert second.expect is not None
    assert second.expect.any_of == ("noon",)
    assert [turn["content"] for turn in third.chat(None)] == ["Be brief.", "Who?"]
    assert fourth.chat(None) == [{"role": "user", "content": "Where?"}]


def test_a_column_of_parquet_is_read_and_the_others_are_left_alone() -> None:
    chat = [{"role": "user", "content": "Who?"}]
    assert [p.text for p in read_prompts(parquet_of({"prompt": ["a", "b"], "tags": [1, 2]}), "parquet")] == ["a", "b"]
    (found,) = read_prompts(parquet_of({"question": [chat]}), "parquet", column="question")
    assert found.chat(None) == chat


@pytest.mark.parametrize(
    ("line", "param", "told"),
    [
        (b'{"prompt": 1}', "line 2: prompt", "text or a list of messages"),
        (b'{"text": "a", "prompt": "b"}', "line 2: prompt", "leave one of them out"),
        (b'{"prompt": [{"role": "judge", "content": "a"}]}', "line 2: prompt.0.role", "system"),
        (b'{"messages": [{"role": "user", "content": 1}]}', "line 2: messages.0.content", "string"),
        (b'{"messages": [{"role": "assistant", "content": "a"}]}', "line 2", "last message"),
        (b'{"text": "a", "guards": true}', "line 2: guards", "leave it out"),
        (b'{"text": "a", "expect": {"any": []}}', "line 2: expect.any", "leave it out"),
        (b"{}", "line 2", "text or messages"),
        (b'{"text": ""}', "line 2: text", "at least 1"),
        (b"[]", "line 2", "no JSON object"),
        (b'{"text": "a"', "line 2", "not valid JSON"),
        (b'{"text": "\\u0000"}', "line 2: text", "NUL"),
        (b'{"text": "\\ud800"}', "line 2: text", "surrogate"),
        (b'{"text": "a", "text": "b"}', "line 2", "given twice"),
        (b'{"text": "a", "tags": {"n": NaN}}', "line 2", "NaN"),
        (b"\xff", "line 2", "UTF-8"),
    ],
)
def test_a_fault_is_told_with_its_line_and_field(line: bytes, param: str, told: str) -> None:
    with pytest.raises(BadInput, match=told) as found:
        list(read_prompts(io.BytesIO(b'{"text": "fine"}\n' + line), "jsonl"))
    assert found.value.param == param


def test_what_is_no_file_of_prompts_is_refused() -> None:
    with pytest.raises(BadInput, match="no prompt in it"):
        list(read_prompts(io.BytesIO(b"\n \r\n"), "jsonl"))
    with pytest.raises(BadInput, match="no column 'prompt'; its columns are text") as found:
        list(read_prompts(parquet_of({"text": ["a"]}), "parquet"))
    assert found.value.param == "column"
    with pytest.raises(BadInput, match="Line 2"):
        list(read_prompts(parquet_of({"prompt": ["a", None]}), "parquet"))
    with pytest.raises(BadInput, match="no parquet"):
        list(read_prompts(io.BytesIO(b"PAR1nothing"), "parquet"))
    with pytest.raises(UnknownName, match="jsonl, parquet"):
        list(read_prompts(io.BytesIO(b"{}"), "trl"))
