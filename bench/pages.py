"""How long a page of a dataset takes at the door: the first one, and pages all through it, by every filter there is.

The door is the app itself, in this process: authentication, statements, validation and JSON are in the figure, the
network is not. Places are drawn from all pairs of the dataset, so half of the pages lie deep in it.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, select
from starlette.testclient import TestClient

from api.main import create_door
from api.secret import hash_of, make_key
from core.database import transaction
from core.ids import new_id
from core.queries import api_keys, pairs
from core.queries.pairs import PairFilter
from core.tables import DEFAULT_PROJECT, ApiKey, Pair

NUMBER = 200  # pages of a kind
LIMIT = 20  # pairs of a page
REVIEWED = 100  # pairs that a person has decided about
WARM = 3  # pages before the first that counts
FILTERS: Mapping[str, Mapping[str, str]] = {
    "all": {},
    "split": {"split": "validation"},
    "kept": {"verdict": "kept"},
    "dropped": {"verdict": "dropped"},
    "reason": {"reason": "min_margin"},
    "margin": {"min_margin": "0"},  # half of the pairs
    "margin-rare": {"min_margin": "0.95"},  # one in eight hundred
    "margin-none": {"min_margin": "2"},
    "reviewed": {"reviewed": "true"},
    "unreviewed": {"reviewed": "false"},
    "together": {"verdict": "kept", "split": "validation", "min_margin": "0.9", "reviewed": "false"},
}
Ask = Callable[[str], object]  # something at a place in the dataset


def read(id: str) -> dict[str, dict[str, float]]:
    """Median and 99th percentile in ms by kind of page."""
    with door() as client:
        places = drawn(id)
        for place in places[:REVIEWED]:
            _ok(client.patch(f"/pairs/{place}", json={"action": "accept"}))
        return {kind: timed(ask, places) for kind, ask in asks(client, id).items()}


def asks(client: TestClient, id: str) -> dict[str, Ask]:
    """What is asked, by the name of its row."""
    path, size = f"/datasets/{id}", {"limit": LIMIT}

    def listing(filter: Mapping[str, str]) -> Ask:
        return lambda place: _ok(client.get(f"{path}/pairs", params={**filter, **size, "after": place}))

    def first(filter: Mapping[str, str]) -> Ask:
        return lambda _: _ok(client.get(f"{path}/pairs", params={**filter, **size}))

    return {
        "dataset": lambda _: _ok(client.get(path)),
        "funnel": lambda _: _ok(client.get(f"{path}/funnel")),
        "failures": lambda _: _ok(client.get(f"{path}/failures", params=size)),
        "pair": lambda place: _ok(client.get(f"/pairs/{place}")),
        **{f"first-{kind}": first(filter) for kind, filter in FILTERS.items()},
        **{kind: listing(filter) for kind, filter in FILTERS.items()},
        "beside": lambda place: beside(id, PairFilter(), place),
        "beside-rare": lambda place: beside(id, PairFilter(min_margin=0.95), place),
    }


def timed(ask: Ask, places: list[str]) -> dict[str, float]:
    """Ask at every place, one after the other."""
    for place in places[:WARM]:
        ask(place)
    taken = []
    for place in places:
        begun = time.perf_counter()
        ask(place)
        taken.append(1000 * (time.perf_counter() - begun))
    return {"median_ms": statistics.median(taken), "p99_ms": statistics.quantiles(taken, n=100)[98]}


def drawn(id: str) -> list[str]:
    """Pairs from all through the dataset, in no order of theirs."""
    with transaction() as session:
        mixed = select(Pair.id).where(Pair.dataset_id == id).order_by(func.md5(Pair.id)).limit(NUMBER)
        return list(session.scalars(mixed))


def beside(id: str, filter: PairFilter, place: str) -> None:
    """What the review of pairs one by one asks for."""
    with transaction() as session:
        pairs.beside(session, id, filter, place)


@contextmanager
def door() -> Iterator[TestClient]:
    """A client of the app with a key of its own."""
    key = new_id("key")
    text = make_key(key)
    with transaction() as session:
        scopes = ["read", "write"]
        api_keys.add(
            session, ApiKey(id=key, project_id=DEFAULT_PROJECT, name="bench", hash=hash_of(text), scopes=scopes)
        )
    headers = {"authorization": f"Bearer {text}"}
    with TestClient(create_door(), base_url="http://127.0.0.1", headers=headers) as client:
        yield client


def _ok(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer
