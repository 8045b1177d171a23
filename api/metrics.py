"""Prometheus: request latency by route, and the ledger's own numbers, asked for at each scrape."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from sqlalchemy.orm import Session

from core.database import transaction
from core.queries import gauges, workers
from core.states import Queue, ShardState

WORKER_SECONDS = 60.0  # a worker seen within so many seconds counts as there
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

requests = Histogram(
    "burnish_request_seconds",
    "Time from the first byte of a request to the last byte of its answer.",
    ("method", "route", "status"),
    buckets=BUCKETS,
    registry=None,
)
process = CollectorRegistry()
process.register(requests)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request; `route` is the template, so that the number of series stays bounded."""
    known = method if method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") else "other"
    requests.labels(known, route, str(status)).observe(seconds)


def exposition() -> bytes:
    """All metrics in Prometheus' text form. Raises Unavailable without a database."""
    with transaction() as session:
        families = list(_ledger(session))
    registry = CollectorRegistry()
    registry.register(_Fixed(families))
    return generate_latest(process) + generate_latest(registry)


class _Fixed:
    """A collector of numbers that are known already."""

    def __init__(self, families: list[Metric]) -> None:
        self.families = families

    def collect(self) -> Iterator[Metric]:
        """What prometheus-client asks for."""
        yield from self.families


def _ledger(session: Session) -> Iterator[Metric]:
    shards = GaugeMetricFamily("burnish_shards", "Shards by stage and state.", labels=("stage", "state"))
    depth: Counter[str] = Counter({str(queue): 0 for queue in Queue})
    for queue, stage, state, number in gauges.shards_by_state(session):
        shards.add_metric((stage, state), number)
        depth[queue] += number if state == ShardState.queued else 0
    yield shards
    yield _by_queue("burnish_queue_depth", "Shards that wait to be claimed.", dict(depth))
    ages = {str(queue): 0.0 for queue in Queue} | {
        row.queue: float(row.seconds) for row in gauges.oldest_waiting(session)
    }
    yield _by_queue("burnish_queue_age_seconds", "How long the oldest waiting shard has waited.", ages)
    seen: Counter[str] = Counter({str(queue): 0 for queue in Queue})
    seen.update(worker.queue for worker in workers.alive(session, within=WORKER_SECONDS))
    yield _by_queue("burnish_workers", f"Workers seen in the last {WORKER_SECONDS:g} seconds.", dict(seen))


def _by_queue(name: str, text: str, values: dict[str, float] | dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=("queue",))
    for queue, value in values.items():
        family.add_metric((queue,), value)
    return family
