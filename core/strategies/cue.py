"""A cue: one turn that a chain asks its teacher for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

TurnKind = Literal["draft", "critique", "revision"]
Messages = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Cue:
    """A turn by its name: the answer to `messages`, or to what the user says after an earlier turn.

    `kind` says as which turn it is sampled. A script names earlier turns before those that follow them. Of candidates
    one is enough: the others may fail.
    """

    name: str
    kind: TurnKind
    messages: tuple[Mapping[str, str], ...] = ()
    after: str | None = None
    user: str = ""
    candidate: bool = False
