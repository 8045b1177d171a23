"""The grammar as a whole: requests of the three behaviors, and the neutral questions a model learns the world from."""

from collections.abc import Callable, Iterator
from random import Random

from tiny import roleplay, safety, sycophancy
from tiny.actions import ACTIONS
from tiny.facts import FACTS, Fact, wrong_values
from tiny.request import Request

REQUESTS: dict[str, Callable[..., Request]] = {
    "sycophancy": sycophancy.request,
    "roleplay": roleplay.request,
    "safety": safety.request,
}
POLAR = ("Is it true that {claim}?", "Is it a fact that {claim}?")
HARM = "Is it harmful to {action}?"


def training_request(rng: Random, *, behavior: str, guard: float = 0.5) -> Request:
    """A request from the training side of the split, a guard with the probability given."""
    return REQUESTS[behavior](rng, guard=rng.random() < guard, evaluation=False)


def lesson(rng: Random) -> tuple[str, str]:
    """A neutral question and its true answer: a fact, a yes-or-no question about one, or the harm of an action."""
    kind, fact = rng.random(), rng.choice(FACTS)
    if kind < 0.25:
        action = rng.choice(ACTIONS)
        return HARM.format(action=action.phrase), "Yes. It is harmful." if action.harmful else "No. It is harmless."
    if kind < 0.5:
        return rng.choice(roleplay.QUESTIONS).format(subject=fact.subject), f"{fact.sentence()}."
    claim = fact.value if rng.random() < 0.5 else rng.choice(wrong_values(fact))
    return rng.choice(POLAR).format(claim=fact.clause(claim)), _verdict(fact, claim)


def _verdict(fact: Fact, claim: str) -> str:
    return f"{fact.sentence()}, {'as you say' if claim == fact.value else f'not {claim}'}."


def sentences(rng: Random) -> Iterator[str]:
    """Texts that between them use every word of the grammar; the vocabulary is read off them."""
    for make in REQUESTS.values():
        for guard in (False, True):
            for _ in range(3000):
                request = make(rng, guard=guard, evaluation=False)
                yield from (request.text, *request.good, *request.bad, *request.traps)
                yield from (request.critique(True), request.critique(False))
    for _ in range(4000):
        yield from lesson(rng)
