"""A model that judges answers by the behavior's rubric: each by itself, or the draft against each other answer."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

from core.configs.behavior import Rubric
from core.configs.reward import RewardConfig
from core.errors import BadInput, Unanswered
from core.ledger import Spent
from core.seeds import content_seed, derive_seed
from core.settings import settings
from core.text import clean
from core.turn_key import Identity
from workers.rewards.preference import points, preference
from workers.rewards.rating import rating
from workers.rewards.reward import Answer, Missing, Verdict
from workers.rewards.shapes import compared, rated
from workers.rewards.wording import compare, rate
from workers.teachers import load_teacher
from workers.teachers.endpoint.lines import Lines
from workers.teachers.teacher import Shape, Teacher, Turn
from workers.turn_cache import question_key

BLANK = Answer(messages=(), text="", expect=None, guard=False)
RUBRICS = 256  # rubrics whose fingerprint is remembered


@dataclass(frozen=True)
class Heard:
    """What a judge said to one question; `flaw` says why it counts for nothing, if it does."""

    text: str | None
    flaw: Missing | None
    spent: Spent = field(default_factory=Spent)


Put = Callable[[str, Shape], Awaitable[Heard]]  # a question, and the form of its answer


@dataclass(frozen=True)
class Memory:
    """What a judge answered before, by the key of the question; `note` is told what it answers now."""

    known: Mapping[bytes, Turn] = field(default_factory=dict)
    note: Callable[[bytes, Turn], None] = field(default=lambda key, turn: None)


async def load_judge(config: RewardConfig, *, api_key: str | None = None, lines: Lines | None = None) -> "Judge":
    """Load, or reach, the model of a judge. Raises EngineDied, BadInput, Unavailable."""
    return Judge(config, await load_teacher(config.judge, api_key=api_key, lines=lines))


class Judge:
    """One loaded model; all its methods are called in one event loop."""

    def __init__(self, config: RewardConfig, teacher: Teacher) -> None:
        self.scorer = config.scorer
        self._config = config
        self.teacher = teacher
        self._slots = asyncio.Semaphore(settings().chains_in_flight)
        self.fingerprint = lru_cache(RUBRICS)(self._fingerprint)

    @property
    def identity(self) -> Identity:
        """Who answers."""
        return Identity(self.teacher.engine, self.teacher.fingerprint, self.teacher.template_hash)

    def keys(self, answers: Sequence[Answer], *, seed: int) -> list[bytes]:
        """The keys of the questions that `score` asks about these answers."""
        rubric = answers[0].rubric
        if rubric is None:
            return []
        if not self._config.pairwise:
            return [self._key(rate(answer, rubric), self._rated(rubric), seed) for answer in answers]
        draft, *others = answers
        asked = [words for other in others for words in (compare(draft, other, rubric), compare(other, draft, rubric))]
        return [self._key(words, self._compared(), seed) for words in asked]

    async def score(self, answers: Sequence[Answer], *, seed: int, memory: Memory | None = None) -> list[Verdict]:
        """A verdict for each answer, in their order; for a pairwise judge the first one is the draft.

        The same question gets the same noise, wherever it is asked; one that `memory` knows is not asked.
        Raises EngineDied, Unavailable, Refused.
        """
        if answers[0].rubric is None:
            return [Verdict(Missing("no_rubric")) for _ in answers]
        ask = partial(self._ask, seed=seed, memory=memory or Memory())
        if self._config.pairwise:
            return await self._compare(answers, answers[0].rubric, ask)
        return list(await asyncio.gather(*(self._rate(answer, answers[0].rubric, ask) for answer in answers)))

    async def close(self) -> None:
        """End the engine."""
        await self.teacher.close()

    async def _rate(self, answer: Answer, rubric: Rubric, ask: Put) -> Verdict:
        heard = await ask(rate(answer, rubric), self._rated(rubric))
        return Verdict(heard.flaw or rating(heard.text or "", rubric), heard.text, heard.spent)

    async def _compare(self, answers: Sequence[Answer], rubric: Rubric, ask: Put) -> list[Verdict]:
        """The draft scores the mean of what the others leave it; a comparison that failed scores nothing."""
        draft, *others = answers
        found = list(await asyncio.gather(*(self._against(draft, other, rubric, ask) for other in others)))
        left = [1.0 - verdict.value for verdict in found if not isinstance(verdict.value, Missing)]
        raw = "\n\n".join(verdict.raw for verdict in found if verdict.raw is not None) or None
        return [Verdict(sum(left) / len(left) if left else found[0].value, raw), *found]

    async def _against(self, draft: Answer, other: Answer, rubric: Rubric, ask: Put) -> Verdict:
        shape = self._compared()
        first, second = await asyncio.gather(
            ask(compare(draft, other, rubric), shape), ask(compare(other, draft, rubric), shape)
        )
        said = [heard.flaw or preference(heard.text or "") for heard in (first, second)]
        raw = f"[draft first]\n{first.text or ''}\n\n[draft second]\n{second.text or ''}"
        match said:
            case [str(one), str(two)]:
                value: float | Missing = points(one, two)
            case _:
                value = next(flaw for flaw in said if isinstance(flaw, Missing))
        return Verdict(value, raw, first.spent + second.spent)

    async def _ask(self, prompt: str, shape: Shape, *, seed: int, memory: Memory) -> Heard:
        key = self._key(prompt, shape, seed)
        known = memory.known.get(key)
        if known is not None:
            return self._heard(known, Spent(hits=1))
        messages = _messages(prompt)
        async with self._slots:
            try:
                conversation = self.teacher.open(messages)
            except BadInput:
                return Heard(None, Missing("template"))
            own, sampling = _own(seed, messages), self._config.sampling
            try:
                turn = await self.teacher.answer(conversation, sampling=sampling, seed=own, shape=shape)
            except BadInput as error:
                return Heard(None, Missing(error.reason if isinstance(error, Unanswered) else "too_long"))
        memory.note(key, turn)
        return self._heard(turn, Spent(turn.prompt_tokens, turn.tokens))

    @staticmethod
    def _heard(turn: Turn, spent: Spent) -> Heard:
        heard = Heard(clean(turn.text).text, None, spent)
        if turn.finish == "stop":
            return heard
        return replace(heard, flaw=Missing("truncated" if turn.finish == "length" else turn.finish))

    def _key(self, prompt: str, shape: Shape, seed: int) -> bytes:
        messages = _messages(prompt)
        return question_key(self.identity, self._config.sampling, messages, seed=_own(seed, messages), shape=shape)

    def _rated(self, rubric: Rubric) -> Shape:
        return rated(rubric, max_tokens=self._config.sampling.max_tokens)

    def _compared(self) -> Shape:
        return compared(max_tokens=self._config.sampling.max_tokens)

    def _fingerprint(self, rubric: Rubric | None) -> str:
        """SHA-256 of the model, its engine, template and sampling, and of the question around an empty answer."""
        told: list[object] = [self.teacher.engine, self.teacher.fingerprint, self.teacher.template_hash]
        told.append(self._config.sampling.model_dump(mode="json"))
        if rubric is not None:
            told.append(compare(BLANK, BLANK, rubric) if self._config.pairwise else rate(BLANK, rubric))
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _messages(prompt: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": prompt}]


def _own(seed: int, messages: list[dict[str, str]]) -> int:
    """The noise of a question."""
    return derive_seed(seed, "judge", content_seed(messages))
