"""What a student is examined in: right answers to evaluation prompts, or a style and what was to be left alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import exp
from typing import Any

import torch

from bench.claims import models, style
from bench.claims.chains import told
from bench.claims.prompts import BEHAVIORS, Row, expectation, laid_out
from core.seeds import derive_seed
from tiny.corpus import Example, Turns
from tiny.judge import meets
from tiny.sampling import answers
from tiny.training import language_loss
from trainer.student import Student

Result = dict[str, Any]


@cache
def evaluation_prompts() -> list[Row]:
    """Those of the three behaviors, in their order."""
    return [row for row in laid_out(len(BEHAVIORS), seed=0) if row["split"] == "evaluation"]


def gold(learner: Student, seed: int) -> Result:
    """Whether the exact judge holds each answer for right: a digit for each evaluation prompt; of guards apart too."""
    prompts = evaluation_prompts()
    said = _answers(learner, [told(row["messages"]) for row in prompts], seed, "gold")
    hits = [meets(expectation(row["expect"]), text) for row, text in zip(prompts, said, strict=True)]
    guards = [hit for row, hit in zip(prompts, hits, strict=True) if row["guard"]]
    return {"gold": digits(hits), "guards": sum(guards) / len(guards)}


@dataclass(frozen=True)
class StyleExam:
    """Taken before a training and after it; what is left alone is told by texts of the student as it was before."""

    variant: str
    seed: int
    texts: list[Example]
    before: Result

    def after(self, learner: Student) -> Result:
        """Style under the examined prompts before and after, and by how much the perplexity of the texts has risen."""
        was, now = self.before["perplexity"], perplexity(learner, self.texts)
        said = _answers(learner, style.examined(self.variant), self.seed, "style")
        return {
            "style_before": self.before["style"],
            "style": digits(map(style.styled, said)),
            "perplexity_before": was,
            "perplexity": now,
            "perplexity_rise": now / was - 1,
        }


def style_exam(learner: Student, variant: str, seed: int) -> StyleExam:
    """Examine the student as it is."""
    chats = style.untouched(seed)
    texts = style.answered(chats, _answers(learner, chats, seed, "untouched"))
    said = _answers(learner, style.examined(variant), seed, "style")
    before = {"style": digits(map(style.styled, said)), "perplexity": perplexity(learner, texts)}
    return StyleExam(variant, seed, texts, before)


@torch.no_grad()
def perplexity(learner: Student, texts: list[Example]) -> float:
    """Of the answers' tokens, end tokens included."""
    return exp(float(language_loss(models.speaking(learner), texts)))


def digits(hits: Iterable[bool]) -> str:
    """One digit for each answer, so that those of two arms can be compared one by one."""
    return "".join(str(int(hit)) for hit in hits)


def _answers(learner: Student, chats: list[Turns], seed: int, name: str) -> list[str]:
    """All arms of a seed draw from the same numbers."""
    drawn = derive_seed(seed, "exam", name)
    return [text.strip() for text in answers(models.speaking(learner), models.encoder(), chats, seed=drawn)]
