"""What no log line may show: texts that this process has seen and must keep to itself."""

_hidden: set[str] = set()
SHORTEST = 6  # characters; hiding shorter texts would eat words


def hide(text: str) -> None:
    """Never show this text in a log again."""
    if len(text) >= SHORTEST:
        _hidden.add(text)


def redacted(text: str) -> str:
    """The text with everything hidden blacked out."""
    for secret in tuple(_hidden):  # other threads add to it
        text = text.replace(secret, "[redacted]")
    return text
