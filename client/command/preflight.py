"""What a dry run found, as people read it."""

from collections.abc import Iterator

from client.command.output import console, seconds, table
from client.models import Preflight

GIB = 1 << 30
COUNTS = ("sum", "median", "p95", "longest")


def tell(found: Preflight) -> None:
    """Print tokens, what is left out, steps, memory, time and warnings."""
    rows = ((part, *(f"{lengths[name]:,.0f}" for name in COUNTS)) for part, lengths in found.tokens["train"].items())
    table("Tokens of the pairs to train on", ("", *COUNTS), rows)
    table("Preflight", ("", ""), [*_pairs(found), *_time(found), *_memory(found)])
    for warned in found.warnings:
        about = f" ({warned.param})" if warned.param else ""
        console.print(f"Warning{about}: {warned.message}", markup=False, highlight=False)
    if not found.warnings:
        console.print("No warnings.")


def _pairs(found: Preflight) -> Iterator[tuple[str, str]]:
    for split in ("train", "validation"):
        yield f"pairs, {split}", f"{found.pairs.get(split, 0)} of {found.pairs.get(f'{split}_offered', 0)}"
    for reason, entry in found.left_out.items():
        yield f"left out: {reason.replace('_', ' ')}", _with_ids(entry["pairs"], entry["examples"])
    mismatches = found.boundary_mismatches
    yield "boundary mismatches", _with_ids(mismatches["answers"], mismatches["examples"])
    lengths = found.max_length
    yield "max_length", f"{lengths['asked']}; 95% of pairs need {lengths['for_p95']}, all {lengths['for_all']}"


def _with_ids(number: int, examples: list[dict[str, str]]) -> str:
    ids = ", ".join(dict.fromkeys(example["id"] for example in examples[:3]))
    return f"{number} ({ids}{', ...' if number > len(examples[:3]) else ''})" if number else "0"


def _time(found: Preflight) -> Iterator[tuple[str, str]]:
    yield "steps", f"{found.steps['total']:.0f}, {found.steps['tokens_per_step']:,.0f} tokens in each"
    training = found.seconds["training"]
    if training is not None:
        yield "training", f"{seconds(training['expected'])} ({seconds(training['low'])} to {seconds(training['high'])})"
    rest = sum(found.seconds.get(part, 0.0) for part in ("prepare", "reference", "validation", "pair_losses"))
    yield "before, between and after", seconds(rest)


def _memory(found: Preflight) -> Iterator[tuple[str, str]]:
    for part, size in found.memory["estimated"].items():
        yield f"memory: {part}", f"{size / GIB:.2f} GiB"
    peak = found.memory["measured_peak"]
    yield "memory: measured peak", "did not fit" if peak is None else f"{peak / GIB:.2f} GiB"
    yield "memory: free", f"{found.memory['room'] / GIB:.2f} GiB"
