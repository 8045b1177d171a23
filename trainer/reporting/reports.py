"""What rank 0 reports of a run besides the ledger, and what it tells the ledger of how that goes."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from core.errors import BadInput, LeaseLost
from core.settings import settings
from trainer.attempt import Attempt
from trainer.record import Record, StepReport
from trainer.reporting.channel import Channel, News, open_channel
from trainer.reporting.places import PLACES, closed
from trainer.reporting.reporter import Ending, Leaf, Opening, Row

LEAVING_SECONDS = 5.0  # longest wait of an attempt that is to end soon
ASKED = ("dataset", "student", "method", "training", "metadata")
FOUND = (
    "pairs", "hyperparameters", "missing_score_rate", "data_hash", "parameters", "trained_parameters", "device",
    "processes", "dtype",
)  # fmt: skip

log = structlog.get_logger()


@dataclass
class Reports:
    """The places one attempt reports to; none in a process that does not lead, or where nobody asked for one."""

    record: Record
    channels: tuple[Channel, ...] = ()
    ending: Ending = "left"

    def tell(self, told: StepReport) -> None:
        """Pass on a step's numbers, where it has some. Never waits for a place. Raises LeaseLost."""
        both = {"train": told.train, "validation": told.validation}
        values = {f"{kind}/{name}": value for kind in both for name, value in (both[kind] or {}).items()}
        row = Row(told.step, time.time(), {name: value for name, value in values.items() if value is not None})
        for channel in self.channels:
            if row.values:
                channel.put(row)
            self._note(channel)

    def close(self) -> None:
        """Wait for the places, all at once and for a bounded time, and tell what they lack."""
        patience = settings().reports_seconds
        deadline = time.monotonic() + (patience if self.ending == "succeeded" else min(patience, LEAVING_SECONDS))
        for channel in self.channels:
            channel.end(self.ending)
        for channel in self.channels:
            channel.close(deadline)
        for channel in self.channels:
            try:
                self._note(channel)
            except LeaseLost:
                log.info("reports ended without the claim", run=self.record.run_id, place=channel.place.title)

    def _note(self, channel: Channel) -> None:
        while channel.news:
            self._event(channel.news.popleft())

    def _event(self, news: News) -> None:
        level, message = news
        log.info("reports", run=self.record.run_id, told=message)
        self.record.write(lambda session: self.record.tell(session, message, level=level))


@contextmanager
def reporting(attempt: Attempt, facts: Mapping[str, Any], *, after: int) -> Iterator[Reports]:
    """Report what the attempt does from now on, `after` that step, to the places that its config names."""
    reports = Reports(attempt.record)
    if attempt.world.leads and attempt.config.reporting.to:
        opening = describe(attempt, facts, after)
        reports.channels = tuple(
            open_channel(PLACES[name], opening, lack=closed(name)) for name in attempt.config.reporting.to
        )
    try:
        yield reports
    except BadInput:
        reports.ending = "failed"
        raise
    finally:
        reports.close()


def describe(attempt: Attempt, facts: Mapping[str, Any], step: int) -> Opening:
    """What is said of the run first."""
    asked = attempt.config.model_dump(mode="json", include=set(ASKED))
    asked["metadata"] = json.dumps(asked["metadata"])  # its names are the user's, and may be none elsewhere
    address, run = settings().public_url, attempt.record.run_id
    return Opening(
        run=run,
        step=step,
        config=dict(_leaves(asked)),
        facts=dict(_leaves({name: facts[name] for name in FOUND if name in facts})),
        link=f"{address.rstrip('/')}/dashboard/runs/{run}" if address else None,
    )


def _leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Leaf]]:
    """The values of a tree by their dotted paths; lists as JSON."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", json.dumps(value) if isinstance(value, list) else value
