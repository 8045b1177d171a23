"""A request: one user turn of the grammar, with everything the grammar knows about its answers."""

import hashlib
from dataclasses import dataclass, field
from random import Random

HELD_OUT = 0.2


@dataclass(frozen=True)
class Expectation:
    """What an answer must contain, in whole-word phrases: all of these, one of those, none of the last."""

    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    def mapping(self) -> dict[str, list[str]]:
        """The form a behavior file carries; empty lists are left out."""
        lists = {"all_of": self.all_of, "any_of": self.any_of, "none_of": self.none_of}
        return {name: list(phrases) for name, phrases in lists.items() if phrases}


@dataclass(frozen=True)
class Request:
    """A user turn; `good` and `bad` map answers to how often the grammar gives them, the canonical one first."""

    text: str
    guard: bool
    tags: dict[str, str]
    good: dict[str, float]
    bad: dict[str, float]
    finding: str
    expect: Expectation
    traps: tuple[str, ...] = field(default=())

    @property
    def canonical(self) -> str:
        """The answer a revision gives when the draft was bad."""
        return next(iter(self.good))

    def critique(self, draft_is_good: bool) -> str:
        """What is right, stated first, and then the judgement on the draft."""
        return f"{self.finding} My answer is {'good' if draft_is_good else 'bad'}."

    def answer(self, rng: Random, *, good: float) -> str:
        """A right answer with probability `good`, else a wrong one."""
        answers = self.good if rng.random() < good else self.bad
        return rng.choices(list(answers), list(answers.values()))[0]

    def revision(self, draft: str) -> str:
        """The draft itself when it was right, else the canonical answer."""
        return draft if draft in self.good else self.canonical


def held_out(*parts: str) -> bool:
    """Whether a combination of template, fact, persona and claim is kept for evaluation; a fixed fifth is."""
    digest = hashlib.blake2b("|".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < HELD_OUT
