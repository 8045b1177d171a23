"""The first page: who works, what waits, what is under way."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, Response
from sqlalchemy.orm import Session

from api.dashboard import timeline
from api.dashboard.curl import Curl
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.timeline import Step
from api.dashboard.visitor import Looker
from api.metrics import WORKER_SECONDS
from core.database import transaction
from core.queries import cached_turns, datasets, distillations, gauges, runs, workers
from core.states import DistillationState, Queue, ShardState
from core.tables import Distillation

router = APIRouter(route_class=PageRoute)

DAY_SECONDS = 86_400.0
RECENT = 6
Refreshed = Annotated[str | None, Header(alias="x-refresh", max_length=10)]


@dataclass(frozen=True)
class Line:
    """A distillation with its timeline."""

    row: Distillation
    steps: list[Step]


@router.get("/")
def show_overview(caller: Looker, curl: Curl, refreshed: Refreshed = None) -> Response:
    """Workers, queues, pace, the cache and the newest work; a refresh leaves out the cache, which is slow to count."""
    with transaction() as session:
        recent = distillations.page(session, caller.project_id, limit=RECENT)
        return page(
            "overview.html",
            caller,
            queues=_queues(session),
            pace=gauges.tokens_per_second(session, caller.project_id),
            failed=gauges.failed_rows(session, caller.project_id, within=DAY_SECONDS),
            lines=[Line(row, timeline.of_distillation(session, row)) for row in recent],
            datasets=datasets.page(session, caller.project_id, limit=RECENT),
            runs=runs.page(session, caller.project_id, limit=RECENT),
            cache=cached_turns.stats(session, caller.project_id) if refreshed is None else None,
            trim=curl.post("/cache/trim", {"unused_days": 30}),
            live=True,
            command=curl.get("/distillations"),
        )


OPEN = (DistillationState.generating, DistillationState.training, DistillationState.evaluating)


def _queues(session: Session) -> list[dict[str, int | str]]:
    """For each queue: workers that are there, shards that wait, shards that are held."""
    there = Counter(worker.queue for worker in workers.alive(session, within=WORKER_SECONDS))
    waiting: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for queue, _, state, number in gauges.shards_by_state(session):
        waiting[queue] += number if state == ShardState.queued else 0
        held[queue] += number if state == ShardState.running else 0
    return [
        {"name": str(queue), "workers": there[queue], "waiting": waiting[queue], "held": held[queue]} for queue in Queue
    ]
