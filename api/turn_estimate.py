"""Tokens that a teacher would read and sample: from what its chains took before, else from the bounds of what is asked.

What the cache holds is left out, turn by turn.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from api.intervals import BETWEEN, CHARS_PER_TOKEN, SHORTEST
from api.schemas.estimate import Interval
from core.configs.dataset import DatasetConfig
from core.queries.estimates import Past
from core.queries.known_turns import Known
from core.queries.recipes import Instructions
from core.strategies.cue import Cue
from core.strategies.script import script

NORMAL = 1.96  # standard deviations to either side that hold 95%
NOTHING = Known()


@dataclass(frozen=True)
class Size:
    """How much is asked for: chains, and the mean lengths of a prompt with its instructions, and of a rubric, in
    characters."""

    chains: int
    prompt_chars: float
    rubric_chars: float = 0.0


def turn_tokens(
    config: DatasetConfig, size: Size, past: Past | None, known: Known = NOTHING
) -> tuple[Interval, Interval]:
    """Read and sampled tokens of all chains, but for the turns that are known."""
    cues = turns(config)
    fresh = [known.fresh(cue.name) for cue in cues]
    return _measured(cues, fresh, size, past) if past else _bounds(config, cues, fresh, size)


def turns(config: DatasetConfig) -> list[Cue]:
    """The turns of one chain."""
    return script(config, [{"role": "user", "content": ""}], Instructions("", ""))


def _measured(cues: Sequence[Cue], fresh: Sequence[float], size: Size, past: Past) -> tuple[Interval, Interval]:
    """A turn reads an opening and what was said before it; openings are what is left of all that chains read."""
    means = {turn: getattr(past, f"{turn}_tokens") for turn in {cue.kind for cue in cues}}
    before = [sum(means[one.kind][0] for one in _before(cues, cue)) for cue in cues]
    opening = max(past.prompt_tokens[0] - sum(before), 0.0) / len(cues)
    read = _sum(fresh, [opening + said for said in before])
    every = max(opening * len(cues) + sum(before), 1e-9)
    sampled = _sum(fresh, [means[cue.kind][0] for cue in cues])
    spread = _spread(cues, fresh, {turn: sd for turn, (_, sd) in means.items()})
    scale = past.prompt_tokens[0] / every  # 1, unless the chains read less than what their turns said
    return (
        _interval(read * scale, past.prompt_tokens[1] * read / every, size.chains),
        _interval(sampled, spread, size.chains),
    )


def _spread(cues: Sequence[Cue], fresh: Sequence[float], sds: Mapping[str, float]) -> float:
    """Of one chain's sampled tokens: turns of a kind are as long together, kinds are apart from each other."""
    parts = {turn: sum(part for cue, part in zip(cues, fresh, strict=True) if cue.kind == turn) for turn in sds}
    return float(sum((parts[turn] * sd) ** 2 for turn, sd in sds.items()) ** 0.5)


def _before(cues: Sequence[Cue], cue: Cue) -> Iterator[Cue]:
    """The turns that a cue's turn follows."""
    while cue.after is not None:
        cue = next(one for one in cues if one.name == cue.after)
        yield cue


def _sum(shares: Sequence[float], values: Sequence[float]) -> float:
    return sum(share * value for share, value in zip(shares, values, strict=True))


def _interval(mean: float, sd: float, chains: int) -> Interval:
    """Of a sum over chains: their own spread, and what two sets of prompts differ by."""
    total = mean * chains
    margin = NORMAL * sd * chains**0.5 + BETWEEN * total
    return Interval(expected=total, low=max(total - margin, 0.0), high=total + margin)


def _bounds(
    config: DatasetConfig, cues: Sequence[Cue], fresh: Sequence[float], size: Size
) -> tuple[Interval, Interval]:
    longest = [config.teacher.sampling_of(cue.kind).max_tokens for cue in cues]
    most = _sum(fresh, longest) * size.chains
    opening = size.prompt_chars / CHARS_PER_TOKEN * sum(fresh) * size.chains
    repeated = sum(fresh) / 2 * sum(longest) * size.chains  # every turn is read again by those that follow
    prompt = Interval(expected=opening + repeated / 2, low=opening, high=opening + repeated)
    return prompt, Interval(expected=most / 2, low=SHORTEST * most, high=most)
