"""What is said in a prompt, as one text to be compared with others."""

from collections.abc import Sequence


def conversation(messages: Sequence[dict[str, str]]) -> str:
    """Every turn but a system prompt, which a whole dataset may share: it would make all of them alike."""
    return "\n".join(message["content"] for message in messages if message["role"] != "system")
