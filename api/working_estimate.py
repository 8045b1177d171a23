"""How long a dataset would take: chains and scores at the pace of earlier ones."""

from dataclasses import dataclass

from api.intervals import scaled, total
from api.schemas.estimate import Interval
from core.configs.dataset import DatasetConfig
from core.queries.estimates import Grounds
from core.settings import settings

PACE = 0.5  # relative difference of pace between an idle and a busy machine


@dataclass(frozen=True)
class Time:
    """Seconds of all and of the scoring in it; None where nothing was timed. `untimed` scorers are in neither."""

    whole: Interval | None
    scoring: Interval | None
    untimed: list[str]


def working(config: DatasetConfig, answers: int, grounds: Grounds, *, chains: float) -> Time:
    """`answers` are those of each scorer; `chains` as many as the teacher would be asked for all of."""
    timed = [answers / grounds.scored[one.scorer] for one in config.reward if one.scorer in grounds.scored]
    untimed = [one.scorer for one in config.reward if one.scorer not in grounds.scored and one.kind != "rule"]
    scoring = _seconds(sum(timed)) if timed else None
    pace = grounds.past.chains_per_second if grounds.past is not None else None
    if pace is None:
        return Time(None, scoring, untimed)
    writing = _seconds(chains / pace)
    return Time(writing if scoring is None else _together(config, writing, scoring), scoring, untimed)


def _seconds(expected: float) -> Interval:
    return scaled(Interval(expected=1.0, low=1.0 - PACE, high=1.0 + PACE), expected)


def _together(config: DatasetConfig, writing: Interval, scoring: Interval) -> Interval:
    """One after the other where workers share a device, else at once: the longer one; the bounds hold for either."""
    both, most = total([writing, scoring]), max(writing.expected, scoring.expected)
    return Interval(
        expected=both.expected if _in_turns(config) else most, low=max(writing.low, scoring.low), high=both.high
    )


def _in_turns(config: DatasetConfig) -> bool:
    """Whether teacher and scorers may have the device only one after the other."""
    shared = settings().shared_device is not None and config.teacher.engine != "openai"
    return shared and any(one.has_engine for one in config.reward)
