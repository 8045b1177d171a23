"""An estimate of a dataset: from what its teacher took before, else from the bounds of what was asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from api.checks.budget import unpriced
from api.intervals import BETWEEN, CHARS_PER_TOKEN, SHORTEST, known, priced, scaled, total, total_of_known
from api.judge_estimate import Asked, judges
from api.schemas.estimate import EstimateObject, Interval
from api.writing_estimate import writing
from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.configs.source import TopicSource
from core.errors import BadInput
from core.queries.estimates import Grounds, Past
from core.tables import Behavior

LOOKED_AT = 1_000  # prompts whose length is looked at
Limit = Literal["tokens", "usd", "seconds"]
NORMAL = 1.96  # standard deviations to either side that hold 95%
PACE = 0.5  # relative difference of pace between an idle and a busy machine


@dataclass(frozen=True)
class Size:
    """How much is asked for: chains, and the mean lengths of a prompt with its instructions, and of a rubric, in
    characters."""

    chains: int
    prompt_chars: float
    rubric_chars: float = 0.0


def estimate(config: DatasetConfig, size: Size, grounds: Grounds) -> EstimateObject:
    """Tokens, time and money of teacher and judges with their bounds."""
    past = grounds.past
    read, said = _measured(config, size, past) if past else _bounds(config, size)
    answer = scaled(said, 1 / max(size.chains * sum(turns(config).values()), 1))
    asked = Asked(size.chains, size.prompt_chars + size.rubric_chars, answer)
    by_judges = judges(config, asked, grounds.judges)
    written = writing(config, size.chains // config.samples_per_prompt, grounds.writing)
    also = [written] if written is not None else []
    prompt = total(known([read, by_judges.prompt, *(one.prompt_tokens for one in also)]))
    sampled = total(known([said, by_judges.sampled, *(one.sampled_tokens for one in also)]))
    seconds = _seconds(size, past)
    usd = total_of_known([priced(str(config.teacher.model), read, said), by_judges.usd, *(one.usd for one in also)])
    return EstimateObject(
        basis="measured" if past else "bounds",
        measured_chains=past.chains if past else 0,
        chains=size.chains,
        judge_calls=by_judges.calls,
        answers_to_score=size.chains * (1 + config.best_of) * len(config.reward),
        writing=written,
        prompt_tokens=prompt,
        sampled_tokens=sampled,
        seconds=seconds,
        usd=usd,
        unpriced=unpriced(config),
        exceeds=_exceeds(config, tokens=prompt.expected + sampled.expected, usd=usd, seconds=seconds),
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


def turns(config: DatasetConfig) -> dict[str, int]:
    """How often each turn is sampled in one chain."""
    if config.strategy == "counterfactual":
        return {"draft": 1, "critique": 0, "revision": 1}
    return {"draft": 1, "critique": config.rounds, "revision": config.rounds + config.best_of - 1}


def _measured(config: DatasetConfig, size: Size, past: Past) -> tuple[Interval, Interval]:
    often = turns(config)
    means = {turn: getattr(past, f"{turn}_tokens") for turn in often}
    sampled = sum(often[turn] * mean for turn, (mean, _) in means.items())
    spread = sum((often[turn] * sd) ** 2 for turn, (_, sd) in means.items()) ** 0.5
    return _interval(*past.prompt_tokens, size.chains), _interval(sampled, spread, size.chains)


def _interval(mean: float, sd: float, chains: int) -> Interval:
    """Of a sum over chains: their own spread, and what two sets of prompts differ by."""
    total = mean * chains
    margin = NORMAL * sd * chains**0.5 + BETWEEN * total
    return Interval(expected=total, low=max(total - margin, 0.0), high=total + margin)


def _bounds(config: DatasetConfig, size: Size) -> tuple[Interval, Interval]:
    often = turns(config)
    longest = {turn: config.teacher.sampling_of(turn).max_tokens for turn in ("draft", "critique", "revision")}
    most = float(sum(often[turn] * longest[turn] for turn in often)) * size.chains
    opening = size.prompt_chars / CHARS_PER_TOKEN * sum(often.values()) * size.chains
    repeated = sum(often.values()) / 2 * most  # every turn is read again by those that follow
    prompt = Interval(expected=opening + repeated / 2, low=opening, high=opening + repeated)
    return prompt, Interval(expected=most / 2, low=SHORTEST * most, high=most)


def _seconds(size: Size, past: Past | None) -> Interval | None:
    if past is None or past.chains_per_second is None:
        return None
    expected = size.chains / past.chains_per_second
    return Interval(expected=expected, low=expected * (1 - PACE), high=expected * (1 + PACE))


def _exceeds(config: DatasetConfig, *, tokens: float, usd: Interval | None, seconds: Interval | None) -> list[Limit]:
    expected: dict[Limit, float] = {"tokens": tokens}
    expected |= {"usd": usd.expected} if usd else {}
    expected |= {"seconds": seconds.expected} if seconds else {}
    limits = config.budget.model_dump()
    return [name for name, value in expected.items() if limits[name] is not None and value > limits[name]]
