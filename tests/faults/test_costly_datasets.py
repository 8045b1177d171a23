"""A dataset with everything on that costs or counts: cache, budget, two scorers.

Whatever dies, nothing is lost, doubled or paid for without end; and what was paid for once is not paid for again.
"""

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from core.database import transaction
from core.queries import datasets
from core.settings import settings
from core.tables import DEFAULT_PROJECT
from local import postgres, valkey
from tests.conftest import forget_broker, forget_settings, migrate
from tests.core import invariants
from tests.factories import scene
from tests.factories.servers import OwnServer
from tests.faults.crew import Crew, Nursery, Worker, leases_run_out
from workers import sweep

PROMPTS = 90
TURN = 20 + 4  # tokens that a scripted teacher reads and says for each of a chain's turns
CHAIN = 3 * TURN
BUDGET = 70 * CHAIN
ASKED: dict[str, Any] = {
    "teacher": {"model": scene.TEACHER, "sampling": {"max_tokens": 8}},
    "reward": [{"model": scene.REWARD}, {"model": "another-reward", "purpose": "cost"}],
}


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnServer]:
    """A PostgreSQL that keeps what it committed, and may be stopped at once."""
    with tempfile.TemporaryDirectory(prefix="burnish-test-") as folder:
        cluster = postgres.prepare(Path(folder) / "data")
        server = OwnServer(cluster)
        server.start()
        migrate(cluster.url())
        monkeypatch.setenv("BURNISH_DATABASE_URL", cluster.url())
        forget_settings()
        scene.watch(cluster.url())
        yield server
        forget_settings()
        server.close()


@pytest.fixture
def bell(monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnServer]:
    """A broker that may be killed; it comes back empty."""
    with tempfile.TemporaryDirectory(prefix="burnish-test-") as folder:
        broker = valkey.prepare(Path(folder) / "data")
        server = OwnServer(broker)
        server.start()
        monkeypatch.setenv("BURNISH_BROKER_URL", broker.url)
        forget_broker()
        yield server
        forget_broker()
        server.close()


@pytest.fixture
def company(
    nursery: Nursery, short_pauses: None, ledger: OwnServer, bell: OwnServer, tmp_path: Path, monkeypatch: Any
) -> Iterator["Company"]:
    """Two of each kind at work, and the sweep. Leases end soon, so that the dead are missed."""
    monkeypatch.setenv("BURNISH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("BURNISH_LEASE_SECONDS", "2")
    forget_settings()
    folder = tmp_path / "crew"
    folder.mkdir()
    everybody = Company(Crew(nursery, folder, []), tmp_path / "asked.log")
    yield everybody
    everybody.crew.close()


class Company:
    """The workers, of whom any may be killed; another one comes in their place."""

    def __init__(self, crew: Crew, log: Path) -> None:
        self.crew = crew
        self._log = log
        self._at_work: dict[str, list[Worker]] = {"generate": [], "score": []}
        crew.start("sweep")
        for queue in (*self._at_work, *self._at_work):
            self._begin(queue)

    def _begin(self, queue: str) -> None:
        how = ["--seconds", "0.03", "--log", str(self._log)] if queue == "generate" else []
        self._at_work[queue].append(self.crew.start("victim", queue, *how))

    def kill(self, queue: str) -> None:
        """kill -9 of the one who has been here longest."""
        self._at_work[queue].pop(0).kill()
        self._begin(queue)

    def asked(self) -> list[str]:
        """Every turn that a teacher was asked for."""
        return self._log.read_text().splitlines()

    def complete(self, id: str) -> None:
        """Wait for the dataset's end; then everything is in order."""
        self.crew.until(scene.is_in(id, "completed"))
        sweep.sweep()
        invariants.hold()
        invariants.nothing_late()
        done = scene.number("SELECT count(*) FROM chain WHERE dataset_id = :id AND state = 'done'", id=id)
        scores = "SELECT count(*) FROM score JOIN chain ON chain.id = chain_id WHERE dataset_id = :id"
        assert (scene.pairs(id), scene.number(scores, id=id)) == (done, 2 * 2 * done)


def progress(id: str) -> dict[str, Any]:
    """What the ledger counted for a dataset."""
    with transaction() as session:
        return dict(datasets.progress(session, id))


def test_kills_a_lost_broker_and_a_restarted_database_lose_double_and_overspend_nothing(
    company: Company, ledger: OwnServer, bell: OwnServer
) -> None:
    id = scene.ask(scene.Asked(prompts=PROMPTS, config=ASKED | {"budget": {"tokens": BUDGET}}))

    def restart_bell() -> None:
        bell.kill()
        bell.start()

    def restart_ledger() -> None:
        ledger.stop_at_once()
        ledger.start()

    faults = [
        lambda: company.kill("generate"), flush, lambda: company.kill("score"), restart_bell, restart_ledger,
        lambda: company.kill("generate"), lambda: company.kill("score"),
    ]  # fmt: skip
    for number, fault in enumerate(faults, 1):
        company.crew.until(lambda floor=8 * number: scene.chains(id) >= floor)
        assert scene.state(id) == "in_progress"
        fault()
    company.complete(id)
    told = progress(id)
    spent, micro_batch = told["tokens"] + told["prompt_tokens"], settings().micro_batch_rows * CHAIN
    with transaction() as session:
        assert datasets.get(session, DEFAULT_PROJECT, id).stopped == "tokens"
    assert BUDGET <= spent <= BUDGET + micro_batch
    check_repeated(company.asked(), spent)


def check_repeated(asked: list[str], spent: int) -> None:
    """What was asked for beyond what is counted, or twice, are the turns that died with two workers or a COMMIT.

    A worker has `chains_in_flight` turns under way, and a micro-batch that is written while another one gathers.
    """
    assert spent <= len(asked) * TURN
    lost = 2 * (settings().chains_in_flight + 2 * settings().micro_batch_rows)
    at_restart = 2 * (settings().chains_in_flight + 2 * settings().micro_batch_rows)
    assert len(asked) - len(set(asked)) <= lost + at_restart
    assert len(asked) * TURN <= spent + 3 * (lost + at_restart) * TURN


def flush() -> None:
    """FLUSHALL."""
    path = str(settings().broker_url).removeprefix("redis+socket://")
    with redis.Redis(unix_socket_path=path) as client:
        client.flushall()


def test_turns_of_a_worker_that_was_killed_before_their_chains_were_written_are_paid_for_once(
    crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drafts and critiques are in the cache by then; revisions, as yet unwritten, are asked for again."""
    monkeypatch.setenv("BURNISH_CHAINS_IN_FLIGHT", "6")
    forget_settings()
    id = scene.ask(scene.Asked(prompts=6, config=ASKED))
    log = tmp_path / "asked.log"
    how = ("generate", "--seconds", "0.3", "--log", str(log))
    assert crew.start("victim", *how, "--die", "before_insert").wait() == -signal.SIGKILL
    assert scene.chains(id) == 0
    assert scene.number("SELECT count(*) FROM cached_turn") >= 12
    leases_run_out()
    for worker in (how, ("score",)):
        crew.start("victim", *worker)
    crew.start("sweep")
    crew.until(scene.is_in(id, "completed"))
    asked, told = log.read_text().splitlines(), progress(id)
    assert len(set(asked)) == 18
    assert 1 <= len(asked) - 18 <= 6  # what died with the worker
    assert {line[0] for line in asked if asked.count(line) > 1} == {"2"}
    assert told["tokens"] + told["prompt_tokens"] == 18 * TURN
    assert told["hits"] >= 12


def test_what_was_made_once_costs_nothing_and_a_fifth_more_costs_that_fifth(company: Company) -> None:
    first = scene.ask(scene.Asked(prompts=20, config=ASKED))
    company.complete(first)
    assert len(company.asked()) == 20 * 3
    again = scene.ask(scene.Asked(prompts=20, config=ASKED))
    company.complete(again)
    assert len(company.asked()) == 20 * 3
    told = progress(again)
    assert (told["tokens"], told["prompt_tokens"], told["hits"]) == (0, 0, 20 * 3)
    longer = scene.ask(scene.Asked(prompts=24, config=ASKED))
    company.complete(longer)
    assert len(company.asked()) == 24 * 3
    assert len({*company.asked()}) == 24 * 3
    told = progress(longer)
    assert (told["tokens"] + told["prompt_tokens"], told["hits"]) == (4 * CHAIN, 20 * 3)
    for worker in company.crew.workers:
        worker.signal(signal.SIGTERM)
    assert {worker.wait() for worker in company.crew.workers} == {0}
