"""The evaluation prompts of a dataset, ready to be compared with."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.configs.filters import Decontamination
from workers.filters.conversation import conversation
from workers.filters.shingles import jaccard, shingles, words
from workers.filters.signature import bands, signature

SHINGLE = 3  # words, for the similarity
SHORTEST = 5  # words of an evaluation prompt that is looked for inside of others; fewer are said everywhere
Run = tuple[str, ...]


@dataclass(frozen=True)
class HeldOut:
    """Runs of words of the evaluation prompts by their length, prompts of very few words, and sets of shingles by band.

    Bands find the few sets that are worth a comparison, however many evaluation prompts there are.
    """

    runs: Mapping[int, set[Run]] = field(default_factory=dict)
    brief: frozenset[Run] = frozenset()
    sets: Mapping[tuple[int, int], Sequence[frozenset[str]]] = field(default_factory=dict)

    def touches(self, prompt: str, config: Decontamination) -> bool:
        """Whether a prompt shares a run of words with an evaluation prompt, or is similar to one."""
        return self._quotes(words(prompt)) or self._resembles(shingles(prompt, SHINGLE), config.similarity)

    def _quotes(self, said: list[str]) -> bool:
        found = any(not there.isdisjoint(runs(said, length)) for length, there in self.runs.items())
        return found or tuple(said) in self.brief

    def _resembles(self, own: frozenset[str], similarity: float | None) -> bool:
        if similarity is None or not self.sets:
            return False
        near = (other for band in signature(own, bands(similarity)) for other in self.sets.get(band, ()))
        return any(jaccard(own, other) >= similarity for other in near)


def held_out(prompts: Iterable[Sequence[dict[str, str]]], config: Decontamination | None) -> HeldOut:
    """Of these evaluation prompts; empty when nobody asks for decontamination."""
    if config is None:
        return HeldOut()
    texts = [conversation(messages) for messages in prompts]
    told = [said for said in map(words, texts) if said] if config.ngram is not None else []
    brief = frozenset(tuple(said) for said in told if len(said) < SHORTEST)
    return HeldOut(_by_length(told, config.ngram or 0), brief, _by_band(texts, config.similarity))


def _by_length(told: Iterable[list[str]], most: int) -> dict[int, set[Run]]:
    """Runs of `most` words, and shorter prompts as one run of their own length."""
    found: dict[int, set[Run]] = defaultdict(set)
    for said in told:
        length = min(len(said), most)
        if length >= min(SHORTEST, most):
            found[length] |= runs(said, length)
    return dict(found)


def _by_band(texts: Iterable[str], similarity: float | None) -> dict[tuple[int, int], list[frozenset[str]]]:
    found: dict[tuple[int, int], list[frozenset[str]]] = defaultdict(list)
    if similarity is not None:
        for own in {shingles(text, SHINGLE) for text in texts}:
            for band in signature(own, bands(similarity)):
                found[band].append(own)
    return dict(found)


def runs(said: list[str], length: int) -> set[Run]:
    """Every run of so many words."""
    return {tuple(said[start : start + length]) for start in range(len(said) - length + 1)}
