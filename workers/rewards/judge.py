"""A model that judges answers by the behavior's rubric: each by itself, or the draft against each other answer."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from core.configs.behavior import Rubric
from core.configs.reward import RewardConfig
from core.errors import BadInput, Unanswered
from core.ledger import Spent
from core.seeds import content_seed, derive_seed
from core.settings import settings
from core.text import clean
from workers.bound import priced
from workers.rewards.preference import points, preference
from workers.rewards.rating import rating
from workers.rewards.reward import Answer, Missing, Verdict
from workers.rewards.shapes import compared, rated
from workers.rewards.wording import compare, rate
from workers.teachers import load_teacher
from workers.teachers.teacher import Shape, Teacher

BLANK = Answer(messages=(), text="", expect=None, guard=False)
RUBRICS = 256  # rubrics whose fingerprint is remembered


@dataclass(frozen=True)
class Heard:
    """What a judge said to one question; `flaw` says why it counts for nothing, if it does."""

    text: str | None
    flaw: Missing | None
    spent: Spent = field(default_factory=Spent)


async def load_judge(config: RewardConfig, *, api_key: str | None = None) -> "Judge":
    """Load, or reach, the model of a judge. Raises EngineDied, BadInput, Unavailable."""
    return Judge(config, await load_teacher(config.judge, api_key=api_key))


class Judge:
    """One loaded model; all its methods are called in one event loop."""

    def __init__(self, config: RewardConfig, teacher: Teacher) -> None:
        self.scorer = config.scorer
        self._config = config
        self.teacher = teacher
        self._slots = asyncio.Semaphore(settings().chains_in_flight)
        self.fingerprint = lru_cache(RUBRICS)(self._fingerprint)

    async def score(self, answers: Sequence[Answer], *, seed: int) -> list[Verdict]:
        """A verdict for each answer, in their order; for a pairwise judge the first one is the draft.

        The same question gets the same noise, wherever it is asked. Raises EngineDied, Unavailable,
        Refused.
        """
        if answers[0].rubric is None:
            return [Verdict(Missing("no_rubric")) for _ in answers]
        if self._config.pairwise:
            return await self._compare(answers, answers[0].rubric, seed)
        return list(await asyncio.gather(*(self._rate(answer, answers[0].rubric, seed) for answer in answers)))

    async def close(self) -> None:
        """End the engine."""
        await self.teacher.close()

    async def _rate(self, answer: Answer, rubric: Rubric, seed: int) -> Verdict:
        shape = rated(rubric, max_tokens=self._config.sampling.max_tokens)
        heard = await self._ask(rate(answer, rubric), shape, seed)
        return Verdict(heard.flaw or rating(heard.text or "", rubric), heard.text, heard.spent)

    async def _compare(self, answers: Sequence[Answer], rubric: Rubric, seed: int) -> list[Verdict]:
        """The draft scores the mean of what the others leave it; a comparison that failed scores nothing."""
        draft, *others = answers
        found = list(await asyncio.gather(*(self._against(draft, other, rubric, seed) for other in others)))
        left = [1.0 - verdict.value for verdict in found if not isinstance(verdict.value, Missing)]
        raw = "\n\n".join(verdict.raw for verdict in found if verdict.raw is not None) or None
        return [Verdict(sum(left) / len(left) if left else found[0].value, raw), *found]

    async def _against(self, draft: Answer, other: Answer, rubric: Rubric, seed: int) -> Verdict:
        shape = compared(max_tokens=self._config.sampling.max_tokens)
        first, second = await asyncio.gather(
            self._ask(compare(draft, other, rubric), shape, seed), self._ask(compare(other, draft, rubric), shape, seed)
        )
        said = [heard.flaw or preference(heard.text or "") for heard in (first, second)]
        raw = f"[draft first]\n{first.text or ''}\n\n[draft second]\n{second.text or ''}"
        match said:
            case [str(one), str(two)]:
                value: float | Missing = points(one, two)
            case _:
                value = next(flaw for flaw in said if isinstance(flaw, Missing))
        return Verdict(value, raw, first.spent + second.spent)

    async def _ask(self, prompt: str, shape: Shape, seed: int) -> Heard:
        messages = [{"role": "user", "content": prompt}]
        async with self._slots:
            try:
                conversation = self.teacher.open(messages)
            except BadInput:
                return Heard(None, Missing("template"))
            own = derive_seed(seed, "judge", content_seed(messages))
            try:
                turn = await self.teacher.answer(conversation, sampling=self._config.sampling, seed=own, shape=shape)
            except BadInput as error:
                return Heard(None, Missing(error.reason if isinstance(error, Unanswered) else "too_long"))
        usd = priced(str(self._config.model), turn.prompt_tokens, turn.tokens).usd
        heard = Heard(clean(turn.text).text, None, Spent(turn.prompt_tokens, turn.tokens, usd))
        if turn.finish == "stop":
            return heard
        return replace(heard, flaw=Missing("truncated" if turn.finish == "length" else turn.finish))

    def _fingerprint(self, rubric: Rubric | None) -> str:
        """SHA-256 of the model, its engine, template and sampling, and of the question around an empty answer."""
        told: list[object] = [self.teacher.engine, self.teacher.fingerprint, self.teacher.template_hash]
        told.append(self._config.sampling.model_dump(mode="json"))
        if rubric is not None:
            told.append(compare(BLANK, BLANK, rubric) if self._config.pairwise else rate(BLANK, rubric))
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
