"""F15: a POST that is sent again is one POST: in series, 50 at once, with another body, with the server killed."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from api.first_key import make_first_key
from core.database import transaction
from core.tables import Dataset, Event, IdempotencyKey, Prompt, Shard
from tests.api.server import Serving, serving
from tests.factories.world import furnish

BODY = {"behavior": "polite", "n_prompts": 4}
AT_ONCE = 50


# The door as it is, but for a SIGKILL right behind the COMMIT of the first POST after the file appeared.
DEADLY = """
import contextlib, os, signal, sys
import api.once
from api.__main__ import main
from core.database import transaction

@contextlib.contextmanager
def deadly():
    with transaction() as session:
        yield session
    if os.path.exists({marker!r}):
        os.kill(os.getpid(), signal.SIGKILL)

api.once.transaction = deadly
main()
"""


@pytest.fixture
def key(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An admin key of a furnished ledger."""
    furnish(tmp_path, monkeypatch)
    made = make_first_key()
    assert made is not None
    return made


def post(served: Serving, key: str, idempotency_key: str, body: dict[str, object] | None = None) -> httpx.Response:
    """A POST under a key."""
    headers = {"authorization": f"Bearer {key}", "idempotency-key": idempotency_key}
    return httpx.post(f"{served.url}/datasets", json=body or BODY, headers=headers, timeout=60.0, trust_env=False)


def counts() -> tuple[int, ...]:
    """Rows of everything a POST writes."""
    with transaction() as session:
        tables = (Dataset, Prompt, Shard, Event, IdempotencyKey)
        return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def test_duplicate_posts_make_one_dataset_and_a_kill_behind_the_commit_loses_no_answer(
    key: str, tmp_path: Path
) -> None:
    marker = tmp_path / "die"
    with serving(tmp_path / "one.log", code=DEADLY.format(marker=str(marker))) as served:
        first = post(served, key, "series")
        assert first.status_code == 202, first.text
        one = counts()
        in_series = [post(served, key, "series") for _ in range(3)]
        assert {answer.content for answer in in_series} == {first.content}
        assert post(served, key, "series", BODY | {"n_prompts": 5}).status_code == 422
        assert counts() == one

        with ThreadPoolExecutor(AT_ONCE) as pool:
            at_once = list(pool.map(lambda _: post(served, key, "at-once"), range(AT_ONCE)))
        assert {answer.status_code for answer in at_once} <= {202, 409}
        assert len({answer.content for answer in at_once if answer.status_code == 202}) == 1
        assert {answer.headers.get("retry-after") for answer in at_once if answer.status_code == 409} <= {"1"}
        two = counts()
        assert two == tuple(2 * number for number in one)

        marker.touch()
        with pytest.raises(httpx.TransportError):
            post(served, key, "killed")
        assert served.process.wait(30) == -signal.SIGKILL
    three = counts()
    assert three == tuple(3 * number for number in one)

    with serving(tmp_path / "two.log") as served:
        replayed = post(served, key, "killed")
        assert (replayed.status_code, replayed.headers["idempotent-replayed"]) == (202, "true")
        found = httpx.get(
            served.url + replayed.headers["location"], headers={"authorization": f"Bearer {key}"}, trust_env=False
        )
        assert found.json()["id"] == replayed.json()["id"]
    assert counts() == three
