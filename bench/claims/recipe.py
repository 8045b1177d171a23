"""From a seed's chains to the pairs of an arm: which chains, and what is planted in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import stdev

from bench.claims import style
from bench.claims.pair import Pair
from bench.claims.planting import biased, labelled, misjudged, shuffled, swapped
from bench.claims.world import PAIRS, world

PLANTED = 1.0  # length weighs as much as the score's own scale
MEMBERS = (-PLANTED, 0.0, PLANTED)
HABIT = "enc"  # the world whose answers a habit is taught with


@dataclass(frozen=True)
class Recipe:
    """A source of pairs; shares of swapped pairs and of scores with the wrong sign; whether scores are shuffled."""

    source: str
    swapped: float = 0.0
    misjudged: float = 0.0
    shuffled: bool = False


@dataclass(frozen=True)
class Data:
    """What is trained on, and the scale of the scores: their differences' standard deviation before any planting."""

    pairs: list[Pair]
    tau: float

    def facts(self) -> dict[str, float]:
        """Shares of pairs: labelled wrong, not told apart by the judge; of those told apart, scored the wrong way."""
        number, decided = len(self.pairs), [pair for pair in self.pairs if pair.decided]
        return {
            "pairs": number,
            "mislabelled": sum(not pair.right_chosen for pair in decided) / number,
            "undecided": 1 - len(decided) / number,
            "misjudged": sum((pair.difference > 0) != pair.right_chosen for pair in decided) / max(1, len(decided)),
            "tau": self.tau,
        }

    def shows(self) -> dict[str, float]:
        """Shares of chosen and of rejected answers that show the style, where that is what is right."""
        number = len(self.pairs)
        chosen, rejected = sum(p.right_chosen for p in self.pairs), sum(p.right_rejected for p in self.pairs)
        return {"pairs": number, "chosen_styled": chosen / number, "rejected_styled": rejected / number}


def data(recipe: Recipe, seed: int) -> Data:
    """The pairs of a recipe. Swaps come first; scores are exchanged or shuffled as they then stand."""
    found = SOURCES[recipe.source](seed)
    pairs = swapped(found.pairs, recipe.swapped, seed=seed)
    pairs = misjudged(pairs, recipe.misjudged, seed=seed)
    return Data(shuffled(pairs, seed=seed) if recipe.shuffled else pairs, found.tau)


def scaled(pairs: Sequence[Pair]) -> Data:
    """With the scale of their own scores."""
    return Data(list(pairs), stdev(pair.difference for pair in pairs))


def _critiques(kind: str, seed: int) -> Data:
    """Revision over draft, the first pairs that the default filters keep."""
    return scaled(world(kind, seed))


def _drafts(seed: int, *, level: float) -> Data:
    """Two drafts of one prompt, the right one chosen; a share of `level` pairs, whose sides are as right, by a coin."""
    drafts = labelled(world("drafts", seed), seed=seed)
    number = round(level * PAIRS)
    wide = [pair for pair in drafts if pair.decided][: PAIRS - number]
    return scaled([*wide, *[pair for pair in drafts if not pair.decided][:number]])


def _length(seed: int) -> Data:
    """The natural pairs under scorers that like length, labelled by the one that likes it most; scores have scale 1."""
    found = _critiques("critique", seed)
    return Data(biased(found.pairs, planted=PLANTED, members=MEMBERS, tau=found.tau), 1.0)


def _counterfactual(variant: str, seed: int) -> Data:
    return Data(world(variant, seed), 1.0)


def _habit(seed: int) -> Data:
    """For imitation: the answer in the planted style where there is one, mostly, else the plain one."""
    return Data([pair if pair.right_chosen else pair.swapped() for pair in world(HABIT, seed)], 1.0)


SOURCES: dict[str, Callable[[int], Data]] = {
    "critique": partial(_critiques, "critique"),
    "hot": partial(_critiques, "hot"),
    "mixed": partial(_drafts, level=0.5),
    "even": partial(_drafts, level=0.0),
    "length": _length,
    "habit": _habit,
    **{variant: partial(_counterfactual, variant) for variant in style.TREATMENTS},
}
NEEDS = {"mixed": "drafts", "even": "drafts", "length": "critique", "habit": HABIT}


def kind(recipe: Recipe) -> str:
    """The kind of world that a recipe's pairs come from."""
    return NEEDS.get(recipe.source, recipe.source)
