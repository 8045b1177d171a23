"""Files of prompts, read as a stream."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from pydantic import ValidationError

from core.configs.behavior import PromptSpec
from core.errors import BadInput, UnknownName
from core.formats.lines import MAX_LINE_BYTES
from core.formats.rows import objects

FORMATS = ("jsonl", "parquet")


def read_prompts(
    file: BinaryIO, format: str, *, column: str = "prompt", max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[PromptSpec]:
    """The prompts of an open file, one at a time.

    A line of `jsonl` is `{"text" | "prompt" | "messages", "expect"?, "tags"?, "guard"?}`, where `prompt` is a text or a
    list of messages. Of `parquet` the `column` is read, a text or a list of messages too; others are left alone.

    Raises UnknownName for another format, and BadInput with param `line N: path` at the first fault, or `file` when
    there is no prompt in it.
    """
    if format not in FORMATS:
        raise UnknownName("format", format, FORMATS, param="format")
    only = column if format == "parquet" else None
    for line, value in objects(file, format, noun="prompt", column=only, max_line_bytes=max_line_bytes):
        yield _prompt(line, value if only is None else {"prompt": value[only]})


def _prompt(line: int, value: Mapping[str, Any]) -> PromptSpec:
    given = dict(value)
    if "prompt" in given:
        asked = given.pop("prompt")
        if "text" in given or "messages" in given:
            raise _fault(line, "prompt", "stands beside text or messages; leave one of them out")
        if not isinstance(asked, str | list):
            raise _fault(line, "prompt", "must be a text or a list of messages")
        given["text" if isinstance(asked, str) else "messages"] = asked
    try:
        return PromptSpec.model_validate(given)
    except ValidationError as error:
        raise _explained(line, value, error) from error


def _explained(line: int, value: Mapping[str, Any], error: ValidationError) -> BadInput:
    fault = error.errors(include_url=False)[0]
    names = ["prompt" if "prompt" in value and name in ("text", "messages") else str(name) for name in fault["loc"]]
    said = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        said = "there is no such field; leave it out"
    return _fault(line, ".".join(names), f"is wrong: {said[:1].lower()}{said[1:]}")


def _fault(line: int, path: str, problem: str) -> BadInput:
    where = f": {path}" if path else ""
    return BadInput(f"Line {line}{where} {problem}.", param=f"line {line}{where}")
