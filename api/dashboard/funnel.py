"""The funnel of a dataset: what came through each gate, and why the rest did not."""

from dataclasses import dataclass
from urllib.parse import urlencode

from api.schemas.stats import FunnelObject


@dataclass(frozen=True)
class Loss:
    """Why some did not come through; `link` leads to them where there is a list of them."""

    reason: str
    number: int
    link: str | None = None


@dataclass(frozen=True)
class Gate:
    """A gate: how many came through, as a share of what was asked, and what was lost at it."""

    title: str
    text: str
    number: int
    share: float
    losses: tuple[Loss, ...] = ()


def gates(id: str, found: FunnelObject) -> list[Gate]:
    """From asked to kept."""
    identical = [reason for reason in found.dropped if reason == "identical"]
    others = sorted((reason for reason in found.dropped if reason != "identical"), key=lambda one: -found.dropped[one])
    failed = tuple(Loss(reason, number, "#failures") for reason, number in found.failed.items())
    gone = "prompt taken out" if found.quarantined == 1 else "prompts taken out"
    out = (Loss(gone, found.quarantined, "#failures"),) if found.quarantined else ()
    told = (
        ("Asked", "prompts times samples", found.asked, ()),
        ("Produced", "chains that ended", found.produced, out),
        ("Parsed", "with every turn", found.parsed, failed),
        ("Scored", "pairs with both scores", found.scored, ()),
        ("Distinct", "whose sides differ", found.distinct, _dropped(id, found, identical)),
        ("Kept", "by filters and reviewers", found.kept, _dropped(id, found, others)),
    )
    return [
        Gate(title, text, number, number / found.asked if found.asked else 0.0, losses)
        for title, text, number, losses in told
    ]


def _dropped(id: str, found: FunnelObject, reasons: list[str]) -> tuple[Loss, ...]:
    where = f"/dashboard/datasets/{id}/review?"
    return tuple(
        Loss(reason, found.dropped[reason], where + urlencode({"verdict": "dropped", "reason": reason}))
        for reason in reasons
    )
