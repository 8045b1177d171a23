"""How often the models do right on evaluation prompts, with the sizes of the samples and 95% intervals."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import torch
from transformers import LlamaForCausalLM, LlamaForSequenceClassification

from tiny import tokenizer
from tiny.corpus import BEHAVIORS, Encoder, Turns
from tiny.grammar import REQUESTS
from tiny.judge import meets
from tiny.recipes import RECIPES
from tiny.request import Request
from tiny.sampling import answers, scores

KINDS = {"target": False, "guard": True}
Z = 1.96


@dataclass(frozen=True)
class Rate:
    """A share of a sample."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        """The share itself."""
        return self.hits / self.n if self.n else 0.0

    def interval(self, z: float = Z) -> tuple[float, float]:
        """Wilson's interval; 95% unless told."""
        if not self.n:
            return 0.0, 1.0
        spread = z * z / self.n
        middle = (self.value + spread / 2) / (1 + spread)
        half = z * (self.value * (1 - self.value) / self.n + spread / (4 * self.n)) ** 0.5 / (1 + spread)
        return max(0.0, middle - half), min(1.0, middle + half)

    def mapping(self) -> dict[str, object]:
        """The form the manifest carries."""
        return {"rate": round(self.value, 4), "interval": [round(end, 4) for end in self.interval()], "n": self.n}


@dataclass(frozen=True)
class Chain:
    """One evaluation request and the teacher's three turns."""

    behavior: str
    request: Request
    draft: str = field(default="")
    critique: str = field(default="")
    revision: str = field(default="")


def rate(hits: Iterable[bool]) -> Rate:
    """Count."""
    found = list(hits)
    return Rate(sum(found), len(found))


def questions(n: int, *, seed: int) -> list[tuple[str, Request]]:
    """`n` evaluation requests of each behavior and kind."""
    rng = Random(f"{seed}/measure")
    return [
        (behavior, REQUESTS[behavior](rng, guard=guard, evaluation=True))
        for behavior in BEHAVIORS
        for guard in KINDS.values()
        for _ in range(n)
    ]


def _opening(behavior: str, request: Request) -> Turns:
    system = RECIPES[behavior].system
    return [*([("system", system)] if system else []), ("user", request.text)]


def chains(teacher: LlamaForCausalLM, encoder: Encoder, asked: list[tuple[str, Request]], *, seed: int) -> list[Chain]:
    """Draft, critique and revision of every request."""
    chats = [_opening(behavior, request) for behavior, request in asked]
    said: list[list[str]] = []
    for turn, instruction in enumerate(("", "critique", "revision")):
        if instruction:
            for chat, answer, (behavior, _) in zip(chats, said[-1], asked, strict=True):
                chat += [("assistant", answer), ("user", getattr(RECIPES[behavior], instruction))]
        said.append(answers(teacher, encoder, chats, seed=seed + turn))
    return [Chain(*ask, *turns) for ask, turns in zip(asked, zip(*said, strict=True), strict=True)]


def _good(chain: Chain, answer: str) -> bool:
    return meets(chain.request.expect, answer)


def _exact(chain: Chain) -> bool:
    return chain.critique == chain.request.critique(_good(chain, chain.draft))


def _answered(chain: Chain, answer: str) -> Turns:
    return [("user", chain.request.text), ("assistant", answer)]


def teacher_rates(found: list[Chain]) -> dict[str, Rate]:
    """Drafts good, critiques exact and revisions good, by behavior and kind."""
    rates: dict[str, Rate] = {}
    for behavior in BEHAVIORS:
        for kind, guard in KINDS.items():
            part = [chain for chain in found if chain.behavior == behavior and chain.request.guard == guard]
            name = f"{behavior}/{kind}"
            rates[f"teacher/{name}/draft good"] = rate(_good(chain, chain.draft) for chain in part)
            rates[f"teacher/{name}/critique exact"] = rate(map(_exact, part))
            rates[f"teacher/{name}/revision good"] = rate(_good(chain, chain.revision) for chain in part)
    return rates


def student_rates(
    student: LlamaForCausalLM, encoder: Encoder, asked: list[tuple[str, Request]], *, seed: int
) -> dict[str, Rate]:
    """Good answers of the untuned student, by behavior and kind."""
    said = answers(student, encoder, [[("user", request.text)] for _, request in asked], seed=seed)
    rates: dict[str, Rate] = {}
    for behavior in BEHAVIORS:
        for kind, guard in KINDS.items():
            rates[f"student/{behavior}/{kind}/answer good"] = rate(
                meets(request.expect, answer)
                for (name, request), answer in zip(asked, said, strict=True)
                if name == behavior and request.guard == guard
            )
    return rates


def reward_rates(reward: LlamaForSequenceClassification, encoder: Encoder, found: list[Chain]) -> dict[str, Rate]:
    """How often the better of draft and revision has the higher score, where the judge tells them apart."""
    told = [chain for chain in found if _good(chain, chain.draft) != _good(chain, chain.revision)]
    drafts = scores(reward, encoder, [_answered(chain, chain.draft) for chain in told])
    revisions = scores(reward, encoder, [_answered(chain, chain.revision) for chain in told])
    right = [
        (high > low) == _good(chain, chain.revision) for chain, low, high in zip(told, drafts, revisions, strict=True)
    ]
    rates = {"reward/all/pair order": rate(right)}
    for behavior in BEHAVIORS:
        part = (hit for chain, hit in zip(told, right, strict=True) if chain.behavior == behavior)
        rates[f"reward/{behavior}/pair order"] = rate(part)
    return rates


def measure(folder: Path, *, n: int, seed: int) -> dict[str, Rate]:
    """Every rate of the models in a folder, on `n` evaluation requests of each behavior and kind."""
    encoder, asked = Encoder(tokenizer.build()), questions(n, seed=seed)
    teacher = LlamaForCausalLM.from_pretrained(folder / "tiny-teacher", dtype=torch.float32)
    student = LlamaForCausalLM.from_pretrained(folder / "tiny-student", dtype=torch.float32)
    reward = LlamaForSequenceClassification.from_pretrained(folder / "tiny-reward", dtype=torch.float32)
    found = chains(teacher, encoder, asked, seed=seed)
    return {
        **teacher_rates(found),
        **student_rates(student, encoder, asked, seed=seed),
        **reward_rates(reward, encoder, found),
    }
