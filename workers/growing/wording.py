"""The words by which a teacher is asked for prompts."""

from collections.abc import Sequence

LISTED = 20  # earlier prompts that are shown, so that they are not written again
SHOWN = 200  # characters of each


def wording(topic: str, instruction: str | None, *, number: int, written: Sequence[str]) -> str:
    """Ask for so many prompts about a topic that are not among those `written` before."""
    parts = [f"Write {number} different prompts that people could send to an assistant.", f"Topic: {topic}"]
    if instruction is not None:
        parts.append(instruction)
    if written:
        shown = "\n".join(f"- {text[:SHOWN]}" for text in written[-LISTED:])
        parts.append(f"These were written before; write other ones:\n{shown}")
    parts.append("Answer with a numbered list of the prompts and nothing else.")
    return "\n".join(parts)
