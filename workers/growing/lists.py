"""Lists as language models write them: numbered, bulleted, lines of JSON, a JSON array, or plain lines."""

import re
from collections.abc import Sequence
from typing import Any

from core.strict_json import parse
from core.text import clean

MARK = re.compile(r"\s*(?:\(?\d{1,4}[.):]\s*|[-*\N{BULLET}\N{EN DASH}]\s+|#{1,4}\s+\d{1,4}[.):]?\s*)(?=\S)")
FENCE = re.compile(r"^\s*(?:```|~~~)[\w-]*\s*$", re.MULTILINE)
QUOTES = {'"': '"', "\N{LEFT DOUBLE QUOTATION MARK}": "\N{RIGHT DOUBLE QUOTATION MARK}", "'": "'", "`": "`"}
NAMES = ("prompt", "text", "question", "content", "instruction")
SHORTEST, LONGEST = 3, 2_000  # characters of a prompt that somebody may have meant


def items(text: str, *, whole: bool = True) -> list[str]:
    """The items of a list in their order; of an answer that was cut (not `whole`) the last one is left out.

    Lines around the list are not items where the list has marks. What is too short or too long to be meant is none.
    """
    body = FENCE.sub("", text).strip()
    found = _array(body)
    if found is None:
        lines = [line for line in body.splitlines() if line.strip()]
        found = _marked(lines if whole else lines[:-1])
    tidy = (_bare(clean(item).text) for item in found)
    return [item for item in tidy if SHORTEST <= len(item) <= LONGEST]


def _array(body: str) -> list[str] | None:
    """Of one JSON array, or an object that holds one; None for anything else."""
    if not body.startswith(("[", "{")):
        return None
    value, fault = parse(body.encode(errors="replace"))
    if fault is not None:
        return None
    if isinstance(value, dict):
        lists = [one for one in value.values() if isinstance(one, list)]
        value = lists[0] if len(lists) == 1 else [value]
    return [item for item in map(_said, value) if item is not None] if isinstance(value, list) else None


def _marked(lines: Sequence[str]) -> list[str]:
    read = [_line(line) for line in lines]
    marked = [item for item, mark in read if mark]
    if marked:
        return marked
    return [item for item, _ in read if not item.rstrip().endswith(":")]


def _line(line: str) -> tuple[str, bool]:
    """A line's item, and whether it is marked as one."""
    mark = MARK.match(line)
    rest = line[mark.end() :] if mark else line
    told = rest.strip().rstrip(",")
    if told.startswith(("{", '"')):
        value, fault = parse(told.encode(errors="replace"))
        said = _said(value) if fault is None else None
        if said is not None:
            return said, True
    return rest, mark is not None


def _said(value: Any) -> str | None:
    """The words of a JSON value: a text, or an object with one under a usual name."""
    if isinstance(value, dict):
        value = next((value[name] for name in NAMES if isinstance(value.get(name), str)), None)
    return value if isinstance(value, str) else None


def _bare(item: str) -> str:
    """Without white space, bold marks and quotes around the whole."""
    item = item.strip()
    for mark in ("**", "__"):
        if len(item) > 2 * len(mark) and item.startswith(mark) and item.endswith(mark):
            item = item[len(mark) : -len(mark)].strip()
    closing = QUOTES.get(item[:1])
    if closing is not None and len(item) > 1 and item.endswith(closing) and closing not in item[1:-1]:
        item = item[1:-1].strip()
    return item
