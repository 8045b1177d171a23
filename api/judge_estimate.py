"""What the judges of a dataset would take: from what they took before, else from the bounds of what they are asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.intervals import BETWEEN, CHARS_PER_TOKEN, SHORTEST, priced, scaled, total, total_of_known
from api.schemas.estimate import Interval
from core.configs.dataset import DatasetConfig
from core.configs.reward import RewardConfig
from core.queries.estimates import PastJudge

WORDING = 150.0  # tokens of the words around what a judge is asked


@dataclass(frozen=True)
class Asked:
    """How much is judged: chains, characters of a prompt with its rubric, tokens of one answer."""

    chains: int
    chars: float
    answer: Interval


@dataclass(frozen=True)
class Takes:
    """Questions to judges, what they read and say, and what that costs where there are prices."""

    calls: int
    prompt: Interval
    sampled: Interval
    usd: Interval | None


def judges(config: DatasetConfig, asked: Asked, past: Mapping[str, PastJudge]) -> Takes:
    """All judges together; `past` holds those that have judged before, by their name."""
    found = [_judge(config, one, asked, past.get(one.scorer)) for one in config.reward if one.kind == "judge"]
    return Takes(
        calls=sum(takes.calls for takes in found),
        prompt=total([takes.prompt for takes in found]),
        sampled=total([takes.sampled for takes in found]),
        usd=total_of_known([takes.usd for takes in found]),
    )


def calls(config: DatasetConfig, judge: RewardConfig) -> int:
    """Questions to a judge about one chain."""
    return 2 * config.best_of if judge.pairwise else 1 + config.best_of


def _judge(config: DatasetConfig, judge: RewardConfig, asked: Asked, past: PastJudge | None) -> Takes:
    number = calls(config, judge) * asked.chains
    if past is not None:
        prompt, sampled = _measured(past.prompt_tokens * number), _measured(past.tokens * number)
    else:
        most = float(judge.sampling.max_tokens)
        opening = WORDING + asked.chars / CHARS_PER_TOKEN
        answers = scaled(asked.answer, 2.0 if judge.pairwise else 1.0)
        read = total([Interval(expected=opening, low=opening, high=opening), answers])
        prompt = scaled(read, number)
        sampled = scaled(Interval(expected=most / 2, low=SHORTEST * most, high=most), number)
    return Takes(number, prompt, sampled, priced(judge.names, prompt, sampled))


def _measured(expected: float) -> Interval:
    return Interval(expected=expected, low=expected * (1 - BETWEEN), high=expected * (1 + BETWEEN))
