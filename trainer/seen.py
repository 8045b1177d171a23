"""What an intake saw that a user may want to look at: a few pairs of each kind, and the lengths it refused."""

from array import array
from dataclasses import dataclass, field
from typing import Any

MOST = 20  # examples of a kind: enough to see what is wrong


@dataclass
class Seen:
    """`examples` of a kind are the first ones; `too_long` holds the tokens of the longer row of each pair refused."""

    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    too_long: "array[int]" = field(default_factory=lambda: array("i"))

    def note(self, kind: str, id: str, **told: Any) -> None:
        """Keep a pair as an example, unless there are enough."""
        kept = self.examples.setdefault(kind, [])
        if len(kept) < MOST:
            kept.append({"id": id, **told})

    def refuse(self, id: str, tokens: int) -> None:
        """Note a pair that is longer than it may be."""
        self.too_long.append(tokens)
        self.note("too_long", id, tokens=tokens)
