"""The evaluation prompts of a dataset, ready to be compared with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.configs.filters import Decontamination
from workers.filters.conversation import conversation
from workers.filters.shingles import jaccard, shingles, words

SHINGLE = 3  # words, for the similarity


@dataclass(frozen=True)
class HeldOut:
    """Runs of words of the evaluation prompts, and the sets of their shingles."""

    ngrams: frozenset[tuple[str, ...]] = frozenset()
    sets: tuple[frozenset[str], ...] = ()

    def touches(self, prompt: str, config: Decontamination) -> bool:
        """Whether a prompt shares a run of words with an evaluation prompt, or is similar to one."""
        said = words(prompt)
        if config.ngram is not None and not self.ngrams.isdisjoint(runs(said, config.ngram)):
            return True
        own = shingles(prompt, SHINGLE)
        return config.similarity is not None and any(jaccard(own, other) >= config.similarity for other in self.sets)


def held_out(prompts: Iterable[Sequence[dict[str, str]]], config: Decontamination | None) -> HeldOut:
    """Of these evaluation prompts; empty when nobody asks for decontamination."""
    if config is None:
        return HeldOut()
    texts = [conversation(messages) for messages in prompts]
    ngrams = (
        frozenset(run for text in texts for run in runs(words(text), config.ngram)) if config.ngram else frozenset()
    )
    return HeldOut(ngrams, tuple(shingles(text, SHINGLE) for text in texts) if config.similarity else ())


def runs(said: list[str], length: int) -> set[tuple[str, ...]]:
    """Every run of so many words; a shorter text is one run."""
    if not said:
        return set()
    return {tuple(said[start : start + length]) for start in range(max(1, len(said) - length + 1))}
