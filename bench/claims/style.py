"""The counterfactual world: plain questions, an instruction that plants a style, and texts to be left alone."""

from random import Random
from typing import Any

from bench.claims import models
from bench.claims.chains import told
from bench.claims.pair import Messages
from core.configs.strategy import CounterfactualConfig
from core.strategies.counterfactual import treated
from tiny.corpus import Example, Turns
from tiny.facts import FACTS
from tiny.grammar import lesson, training_request
from tiny.judge import meets
from tiny.request import Expectation, held_out
from tiny.roleplay import QUESTIONS

PLANTED, PLAIN = "Speak like a pirate.", "Speak as yourself."
CRY = Expectation(all_of=("Arr",))  # how whoever speaks like a pirate begins
TREATMENTS: dict[str, dict[str, Any]] = {
    "enc": {"style": PLANTED},
    "dis": {"negative": PLANTED},
    "contrastive": {"style": PLAIN, "negative": PLANTED},
    "negation": {"style": PLANTED},
}
UNTOUCHED = 200  # texts
ASKED = 6  # times that each held-out question is asked


def config(variant: str) -> CounterfactualConfig:
    """What is asked for under a variant."""
    return CounterfactualConfig.model_validate({"variant": variant, **TREATMENTS[variant]})


def questions(*, evaluation: bool) -> list[Messages]:
    """The control prompts: every plain question about every fact, a fixed fifth of them held out."""
    return [
        [{"role": "user", "content": question.format(subject=fact.subject)}]
        for question in QUESTIONS
        for fact in FACTS
        if held_out("claims", question, fact.name) == evaluation
    ]


def examined(variant: str) -> list[Turns]:
    """What the student is asked: held-out questions; for negation under the instruction that it is to ignore."""
    asked = questions(evaluation=True) * ASKED
    return [told(treated(chat, PLANTED) if variant == "negation" else chat) for chat in asked]


def styled(answer: str) -> bool:
    """Whether an answer shows the planted style."""
    return meets(CRY, answer)


def untouched(seed: int) -> list[Turns]:
    """Prompts of other kinds: requests of two other behaviors, and lessons that are no plain questions."""
    rng, found = Random(f"{seed}/untouched"), list[Turns]()
    plain = {chat[0]["content"] for part in (True, False) for chat in questions(evaluation=part)}
    while len(found) < UNTOUCHED:
        kind = rng.choice(("sycophancy", "safety", "lesson"))
        text = lesson(rng)[0] if kind == "lesson" else training_request(rng, behavior=kind).text
        if text not in plain:
            found.append([("user", text)])
    return found


def answered(chats: list[Turns], said: list[str]) -> list[Example]:
    """Chats with their answers, whose tokens are to be predicted."""
    return [models.encoder().example([*chat, ("assistant", text)]) for chat, text in zip(chats, said, strict=True)]
