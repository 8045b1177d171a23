"""What each model learns from: an endless stream of examples, sampled from the grammar's training side."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from transformers import PreTrainedTokenizerFast

from tiny.grammar import REQUESTS, lesson, training_request
from tiny.recipes import RECIPES
from tiny.tokenizer import END, IDS, ROLES

BEHAVIORS = tuple(REQUESTS)
TEACHER_GOOD = {False: 0.37, True: 0.41}
STUDENT_GOOD = {False: 0.33, True: 0.86}
Turns = list[tuple[str, str]]


@dataclass(frozen=True)
class Example:
    """Token ids, and which of them are to be predicted."""

    ids: list[int]
    answer: list[bool]


@dataclass(frozen=True)
class Comparison:
    """Two answers to one user turn, as ids of the whole conversation."""

    chosen: list[int]
    rejected: list[int]


class Encoder:
    """Turns to ids, word lists cached: the grammar repeats itself."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self._tokenizer = tokenizer
        self._cache: dict[str, list[int]] = {}
        self._roles = {role.strip("<|>"): IDS[role] for role in ROLES}
        self._end = IDS[END]

    def text(self, text: str) -> list[int]:
        """The ids of a plain text."""
        if text not in self._cache:
            self._cache[text] = self._tokenizer.encode(text, add_special_tokens=False)
        return self._cache[text]

    def example(self, turns: Turns) -> Example:
        """A conversation in the chat template, the assistant's words and ends to be predicted."""
        ids: list[int] = []
        answer: list[bool] = []
        for role, text in turns:
            words = [*self.text(text), self._end]
            ids += [self._roles[role], *words]
            answer += [False, *[role == "assistant"] * len(words)]
        return Example(ids, answer)

    def prompt(self, turns: Turns) -> list[int]:
        """A conversation whose next turn is the assistant's."""
        return [*self.example(turns).ids, self._roles["assistant"]]

    def decode(self, ids: list[int]) -> str:
        """The text up to the end of the turn."""
        return str(self._tokenizer.decode(ids[: ids.index(self._end)] if self._end in ids else ids))


def _system(rng: Random, behavior: str) -> Turns:
    usual = RECIPES[behavior].system
    shown = rng.random() < (0.85 if usual else 0.1)
    return [("system", usual or RECIPES["roleplay"].system or "")] if shown else []


def teacher_turns(rng: Random, *, lessons: float = 0.2) -> Turns:
    """A whole chain whose draft is bad more often than not, or, for a share of the turns, a neutral lesson."""
    if rng.random() < lessons:
        question, answer = lesson(rng)
        return [("user", question), ("assistant", answer)]
    behavior = rng.choices(BEHAVIORS, (5, 3, 2))[0]
    request, recipe = training_request(rng, behavior=behavior), RECIPES[behavior]
    draft = request.answer(rng, good=TEACHER_GOOD[request.guard])
    if rng.random() < 0.1:
        draft = rng.choice(request.traps)
    return [
        *_system(rng, behavior),
        ("user", request.text),
        ("assistant", draft),
        ("user", recipe.critique),
        ("assistant", request.critique(draft in request.good)),
        ("user", recipe.revision),
        ("assistant", request.revision(draft)),
    ]


def student_turns(rng: Random) -> Turns:
    """One question and answer: a neutral lesson, or a behavior's request answered by habit."""
    if rng.random() < 0.5:
        question, answer = lesson(rng)
        return [("user", question), ("assistant", answer)]
    behavior = rng.choice(BEHAVIORS)
    request = training_request(rng, behavior=behavior)
    answer = request.answer(rng, good=STUDENT_GOOD[request.guard])
    system = _system(rng, behavior) if rng.random() < 0.5 else []
    return [*system, ("user", request.text), ("assistant", answer)]


def comparison_turns(rng: Random) -> tuple[Turns, Turns]:
    """A right and a wrong answer to one request; half of the wrong ones cross style with truth."""
    behavior = rng.choices(BEHAVIORS, (4, 3, 3))[0]
    request = training_request(rng, behavior=behavior)
    right = request.answer(rng, good=1.0)
    wrong = rng.choice(request.traps) if rng.random() < 0.5 else request.answer(rng, good=0.0)
    system = _system(rng, behavior) if rng.random() < 0.5 else []
    head = [*system, ("user", request.text)]
    return [*head, ("assistant", right)], [*head, ("assistant", wrong)]


def teacher(encoder: Encoder, rng: Random) -> Iterator[Example]:
    """Examples for the teacher."""
    while True:
        yield encoder.example(teacher_turns(rng))


def school(encoder: Encoder, rng: Random) -> Iterator[Example]:
    """Neutral lessons alone: the world, and how a claim is compared with it, before anything is said about answers."""
    while True:
        yield encoder.example(teacher_turns(rng, lessons=1.0))


def student(encoder: Encoder, rng: Random) -> Iterator[Example]:
    """Examples for the student."""
    while True:
        yield encoder.example(student_turns(rng))


def comparisons(encoder: Encoder, rng: Random) -> Iterator[Comparison]:
    """Pairs for the reward model."""
    while True:
        right, wrong = comparison_turns(rng)
        yield Comparison(encoder.example(right).ids, encoder.example(wrong).ids)
