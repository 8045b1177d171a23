"""An estimate of a dataset: from what its teacher took before, else from the bounds of what was asked."""

from collections.abc import Sequence
from statistics import fmean
from typing import Literal

from api.checks.budget import unpriced
from api.intervals import known, priced, scaled, total, total_of_known
from api.judge_estimate import Asked, judges
from api.schemas.estimate import CachedObject, EstimateObject, Interval
from api.turn_estimate import Size, turn_tokens, turns
from api.working_estimate import working
from api.writing_estimate import writing
from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.configs.source import TopicSource
from core.errors import BadInput
from core.queries.estimates import Grounds
from core.tables import Behavior

LOOKED_AT = 1_000  # prompts whose length is looked at
Limit = Literal["tokens", "usd", "seconds"]


def estimate(config: DatasetConfig, size: Size, grounds: Grounds) -> EstimateObject:
    """Tokens, time and money of teacher and judges with their bounds."""
    past, there = grounds.past, grounds.known
    whole, (read, said) = turn_tokens(config, size, past), turn_tokens(config, size, past, there)
    answer = scaled(whole[1], 1 / max(size.chains * len(turns(config)), 1))
    asked = Asked(size.chains, size.prompt_chars + size.rubric_chars, answer)
    by_judges = judges(config, asked, grounds.judges)
    written = writing(config, size.chains // config.samples_per_prompt, grounds.writing)
    also = [written] if written is not None else []
    prompt = total(known([read, by_judges.prompt, *(one.prompt_tokens for one in also)]))
    sampled = total(known([said, by_judges.sampled, *(one.sampled_tokens for one in also)]))
    answers = size.chains * (1 + config.best_of)
    time = working(config, answers, grounds, chains=size.chains * said.expected / max(whole[1].expected, 1e-9))
    usd = total_of_known([priced(config.teacher.names, read, said), by_judges.usd, *(one.usd for one in also)])
    return EstimateObject(
        basis="measured" if past else "bounds",
        measured_chains=past.chains if past else 0,
        chains=size.chains,
        judge_calls=by_judges.calls,
        answers_to_score=answers * len(config.reward),
        writing=written,
        cached=CachedObject(chains=there.chains, turns=there.turns, hits=there.hits),
        prompt_tokens=prompt,
        sampled_tokens=sampled,
        seconds=time.whole,
        scoring_seconds=time.scoring,
        untimed=time.untimed,
        usd=usd,
        unpriced=unpriced(config),
        exceeds=_exceeds(config, tokens=prompt.expected + sampled.expected, usd=usd, seconds=time.whole),
    )


def sized(config: DatasetConfig, behaviors: Sequence[Behavior]) -> Size:
    """How much a request asks for. Raises BadInput where the number of prompts is not known before they are read."""
    specs = [BehaviorSpec.model_validate(row.body) for row in behaviors]
    pool = config.prompts or [prompt for spec in specs for prompt in spec.prompts]
    known = _written(config) if config.source is not None else len(pool)
    number = min(config.n_prompts, known) if config.n_prompts and known else config.n_prompts or known
    if number is None:
        raise BadInput(
            "The source has not been read yet; say in n_prompts how many prompts to take.", param="n_prompts"
        )
    rubrics = [len(spec.rubric.instruction) for spec in specs if spec.rubric is not None]
    return Size(number * config.samples_per_prompt, _prompt_chars(config, specs), fmean(rubrics) if rubrics else 0.0)


def _prompt_chars(config: DatasetConfig, specs: Sequence[BehaviorSpec]) -> float:
    """Mean characters of a prompt, its behavior's system prompt with it, and of an instruction.

    Each behavior weighs as many prompts as are dealt to it.
    """
    pools = [config.prompts or spec.prompts for spec in specs]
    means = [
        fmean(sum(len(turn["content"]) for turn in prompt.chat(spec.system)) for prompt in pool[:LOOKED_AT])
        + (len(spec.critique_instruction) + len(spec.revision_instruction)) / 2
        for spec, pool in zip(specs, pools, strict=True)
    ]
    return fmean(means, [1 if config.n_prompts else len(pool) for pool in pools])


def _written(config: DatasetConfig) -> int | None:
    """Prompts that the teacher is to write; None for a source that has to be read first."""
    source = config.source
    return len(source.topics) * source.per_topic if isinstance(source, TopicSource) else None


def _exceeds(config: DatasetConfig, *, tokens: float, usd: Interval | None, seconds: Interval | None) -> list[Limit]:
    expected: dict[Limit, float] = {"tokens": tokens}
    expected |= {"usd": usd.expected} if usd else {}
    expected |= {"seconds": seconds.expected} if seconds else {}
    limits = config.budget.model_dump()
    return [name for name, value in expected.items() if limits[name] is not None and value > limits[name]]
