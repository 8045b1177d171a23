"""One answer to one held-out prompt: an evaluation is a model served as one more teacher."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.configs.sampling import Sampling
from core.errors import BadInput
from core.text import clean
from workers.teachers.teacher import Teacher


@dataclass(frozen=True)
class Question:
    """One answer to get. Base and tuned are asked with the same seed."""

    evaluation_id: str
    prompt_id: int
    sample: int
    role: str
    messages: Sequence[Mapping[str, str]]
    sampling: Sampling
    seed: int


async def run_answer(teacher: Teacher, question: Question) -> dict[str, Any]:
    """A row of the table `evaluation_answer`. A prompt too long for the model gives an empty answer, `too_long`."""
    row = {
        "evaluation_id": question.evaluation_id,
        "prompt_id": question.prompt_id,
        "sample": question.sample,
        "role": question.role,
        "model_fingerprint": teacher.fingerprint,
        "seed": question.seed,
    }
    try:
        turn = await teacher.answer(teacher.open(question.messages), sampling=question.sampling, seed=question.seed)
    except BadInput:
        return row | {"text": "", "tokens": 0, "finish": "too_long"}
    return row | {"text": clean(turn.text.strip()).text, "tokens": turn.tokens, "finish": turn.finish}
