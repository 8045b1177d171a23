"""What runs differ in, and by how much one model's answers are scored above another's to the same prompts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.bootstrap import interval
from core.queries.tuned_scores import Scores


@dataclass(frozen=True)
class Paired:
    """A run's scores minus those of the run it is held against, over the answers to prompts that both were asked."""

    scorer: str
    n: int
    mean: Mapping[str, float]  # of each of the two, over these answers: run, against
    difference: Mapping[str, float]
    win: int
    tie: int
    loss: int


def differences(configs: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Fields in which the configs are not all alike, by their dotted path; None where a config has no such field."""
    flat = [_flat(config) for config in configs]
    paths = dict.fromkeys(path for one in flat for path in one)
    found = {path: [one.get(path) for one in flat] for path in paths}
    return {path: values for path, values in found.items() if any(value != values[0] for value in values)}


def paired(run: Mapping[str, Scores], against: Mapping[str, Scores], *, first: str | None) -> Paired | None:
    """By the scorer `first` where it scored both, else by another that did; None where they share no scored answer."""
    shared = sorted(run.keys() & against.keys(), key=lambda scorer: (scorer != first, scorer))
    for scorer in shared:
        pairs = [(run[scorer][key], value) for key, value in against[scorer].items() if key in run[scorer]]
        if pairs:
            return _paired(scorer, pairs)
    return None


def _paired(scorer: str, pairs: Sequence[tuple[float, float]]) -> Paired:
    mine, theirs = [one for one, _ in pairs], [other for _, other in pairs]
    return Paired(
        scorer=scorer,
        n=len(pairs),
        mean={"run": sum(mine) / len(mine), "against": sum(theirs) / len(theirs)},
        difference=interval([one - other for one, other in pairs]),
        win=sum(one > other for one, other in pairs),
        tie=sum(one == other for one, other in pairs),
        loss=sum(one < other for one, other in pairs),
    )


def _flat(value: Any, at: str = "") -> dict[str, Any]:
    """Leaves of nested objects by their dotted path; a list is a leaf."""
    if not isinstance(value, Mapping):
        return {at: value}
    found: dict[str, Any] = {}
    for name, below in value.items():
        found |= _flat(below, f"{at}.{name}" if at else name)
    return found
