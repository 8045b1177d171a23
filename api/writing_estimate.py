"""What a teacher would take to write the prompts itself: from what it took before, else it is said to be unknown.

Bounds of what may be asked would say nothing here: how often a topic is asked about rests on what comes back.
"""

from api.intervals import BETWEEN, priced, scaled
from api.schemas.estimate import Interval, WritingObject
from core.configs.dataset import DatasetConfig
from core.configs.source import TopicSource
from core.queries.estimates import PastWriting


def writing(config: DatasetConfig, prompts: int, past: PastWriting | None) -> WritingObject | None:
    """The part of an estimate for so many prompts; None where they are not written by the teacher."""
    if not isinstance(config.source, TopicSource):
        return None
    if past is None:
        return WritingObject(basis="unknown", prompts=prompts, prompt_tokens=None, sampled_tokens=None, usd=None)
    read, said = _measured(past.prompt_tokens, prompts), _measured(past.tokens, prompts)
    usd = priced(config.teacher.names, read, said)
    return WritingObject(basis="measured", prompts=prompts, prompt_tokens=read, sampled_tokens=said, usd=usd)


def _measured(rates: tuple[float, float, float], prompts: int) -> Interval:
    """From the cheapest shard to the dearest, and what two sets of topics differ by."""
    mean, least, most = rates
    return scaled(Interval(expected=mean, low=least * (1 - BETWEEN), high=most * (1 + BETWEEN)), prompts)
