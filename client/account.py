"""What a dataset of the demo took beside what was estimated, and the near-duplicates that were found in it."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from client.burnish import Burnish
from client.models import Dataset, Estimate, Interval, Pair

SHOWN = 3  # near-duplicates


@dataclass(frozen=True)
class Repeat:
    """A pair that was left out, and the one that it almost repeats."""

    pair: Pair
    of: Pair


@dataclass(frozen=True)
class Account:
    """Before and after: the estimate, the dataset that was made, and some pairs that say almost the same."""

    estimate: Estimate
    dataset: Dataset
    repeats: list[Repeat]


def settle(burnish: Burnish, estimate: Estimate, dataset: str) -> Account:
    """The account of a dataset that is made. Raises ApiError or Unreachable."""
    found = islice(burnish.datasets.pairs(dataset, limit=SHOWN, reason="near_duplicates"), SHOWN)
    repeats = [Repeat(pair, burnish.pairs.get(pair.duplicate_of)) for pair in found if pair.duplicate_of is not None]
    return Account(estimate, burnish.datasets.get(dataset), repeats)


def before(estimate: Estimate) -> str:
    """The estimate in a sentence."""
    said, read = estimate.sampled_tokens, estimate.prompt_tokens
    return f"{estimate.chains} chains will sample about {_between(said)} tokens and read about {_between(read)}."


def after(account: Account) -> list[str]:
    """What it was in the end, and one near-duplicate, where there is one."""
    lines = [f"Sampled {account.dataset.tokens:,} tokens, read {account.dataset.prompt_tokens:,}."]
    for repeat in account.repeats[:1]:
        likeness = f"{repeat.pair.similarity:.2f} alike"
        lines.append(f"Left out, {likeness}: {_asked(repeat.pair)!r} beside {_asked(repeat.of)!r}")
    return lines


def told(account: Account) -> dict[str, Any]:
    """The same for a file."""
    return {
        "estimate": account.estimate.model_dump(
            include={"basis", "chains", "sampled_tokens", "prompt_tokens", "seconds", "usd"}
        ),
        "spent": {"sampled_tokens": account.dataset.tokens, "prompt_tokens": account.dataset.prompt_tokens},
        "near_duplicates": [
            {
                "pair": repeat.pair.id,
                "duplicate_of": repeat.of.id,
                "similarity": repeat.pair.similarity,
                "prompt": _asked(repeat.pair),
                "chosen": repeat.pair.chosen,
                "other_prompt": _asked(repeat.of),
                "other_chosen": repeat.of.chosen,
            }
            for repeat in account.repeats
        ],
    }


def _asked(pair: Pair) -> str:
    return pair.prompt[-1]["content"]


def _between(one: Interval) -> str:
    return f"{one.expected:,.0f} ({one.low:,.0f} to {one.high:,.0f})"
