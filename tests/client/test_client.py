"""The client against the door itself: nouns, pages, errors, retries, streams."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import stamina
from starlette.testclient import TestClient

from api.first_key import make_first_key
from api.main import create_door
from client import ApiError, Burnish, Unreachable
from client.settings import find_server
from client.stream import End, Event, frames
from core.database import transaction
from core.queries import datasets
from core.tables import DEFAULT_PROJECT
from tests.factories import ledger
from tests.factories.world import furnish

ADDRESS = "http://127.0.0.1:8000"


class Door(httpx.BaseTransport):
    """The application behind an httpx client, without a socket."""

    def __init__(self) -> None:
        self.client = TestClient(create_door(), base_url=ADDRESS)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Hand the request on."""
        sent = self.client.request(
            request.method, str(request.url), headers=dict(request.headers), content=request.read()
        )
        return httpx.Response(sent.status_code, headers=list(sent.headers.items()), content=sent.content)


@pytest.fixture
def burnish(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Burnish]:
    """A client of a furnished ledger."""
    furnish(tmp_path, monkeypatch)
    with Burnish(ADDRESS, make_first_key(), transport=Door()) as client:
        yield client


@pytest.fixture
def quick() -> Iterator[None]:
    """Retries without waiting."""
    stamina.set_testing(True, attempts=4)
    yield
    stamina.set_testing(False)


def test_the_nouns_of_the_client_are_those_of_the_server(burnish: Burnish) -> None:
    made = burnish.datasets.create({"behavior": "polite", "n_prompts": 3})
    assert burnish.datasets.get(made.id) == made
    assert (made.request_counts.total, made.status) == (3, "in_progress")
    assert burnish.datasets.move(made.id, "cancel").status == "cancelled"
    assert [row.id for row in burnish.datasets.all()] == [made.id]
    assert {row.name for row in burnish.behaviors.all()} == {"polite", "brief"}
    assert burnish.behaviors.create(ledger.behavior("brave").model_dump(mode="json")).version == 1
    assert ledger.TEACHER in {model.id for model in burnish.models.all()}
    key = burnish.keys.create({"scopes": ["read"]})
    assert (key.key or "").startswith("bk_")
    assert burnish.keys.revoke(key.id).revoked_at is not None
    with transaction() as session:
        dataset = ledger.made_dataset(session).id
    run = burnish.runs.create({"dataset": dataset})
    assert burnish.runs.get(run.id).queue_position == 0
    assert burnish.runs.evaluations(run.id)[0].status == "in_progress"
    assert burnish.runs.artifacts(run.id) == []
    assert list(burnish.runs.metrics(run.id)) == []
    assert list(burnish.runs.pairs(run.id, order="margin", split="train")) == []
    sweep = burnish.sweeps.create({"dataset": dataset, "grid": {"training.seed": [0, 1]}})
    assert burnish.sweeps.get(sweep.id, order="tuned").runs == sweep.runs == [row.id for row in sweep.summary or []]
    assert [row.id for row in burnish.sweeps.all()] == [sweep.id]
    assert burnish.runs.get(sweep.runs[0]).sweep == sweep.id
    assert burnish.runs.compare(sweep.runs).differences == {"training.seed": [0, 1]}
    assert burnish.sweeps.move(sweep.id, "cancel").status == "cancelled"
    *_, end = burnish.sweeps.follow(sweep.id)
    assert isinstance(end, End)
    distillation = burnish.distillations.create({"dataset": {"behavior": "polite"}})
    assert burnish.distillations.cancel(distillation.id).status == "cancelled"


def test_lists_go_on_over_pages_and_exports_over_lines(burnish: Burnish) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session).id
    pairs = list(burnish.datasets.pairs(id, limit=5))
    assert len(pairs) == len({pair.id for pair in pairs}) == 12
    assert len(list(burnish.datasets.export(id))) == 12


def test_an_error_carries_its_fields(burnish: Burnish) -> None:
    with pytest.raises(ApiError, match="rude") as caught:
        burnish.datasets.create({"behavior": "rude"})
    problem = caught.value.problem
    assert (problem.status, problem.param, problem.code) == (400, "behavior", "unknown_name")
    assert (problem.request_id or "").startswith("req_")


def test_a_stream_ends_with_how_it_ended(burnish: Burnish) -> None:
    id = burnish.datasets.create({"behavior": "polite"}).id
    with transaction() as session:
        datasets.cancel(session, DEFAULT_PROJECT, id)
    *told, end = burnish.datasets.follow(id)
    assert [event.message for event in told if isinstance(event, Event)] == ["Queued 12 prompts.", "Dataset cancelled."]
    assert isinstance(end, End)
    assert end.status == "cancelled"


def test_a_busy_server_is_asked_again_with_the_same_key(quick: None) -> None:
    seen: list[httpx.Request] = []

    def busy(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) < 3:
            return httpx.Response(503, headers={"retry-after": "7"}, json={"error": {}})
        return httpx.Response(200, json={"ok": True})

    client = Burnish(ADDRESS, "k", transport=httpx.MockTransport(busy))
    assert client.http.post("/x", {"a": 1}) == {"ok": True}
    assert len({request.headers["idempotency-key"] for request in seen}) == 1
    assert seen[0].headers["authorization"] == "Bearer k"


def test_what_will_not_change_is_not_asked_again(quick: None) -> None:
    for status, headers, tries in ((400, {}, 1), (409, {"x-should-retry": "false"}, 1), (409, {}, 4)):
        seen: list[int] = []

        def refuse(
            request: httpx.Request, status: int = status, headers: dict[str, str] = headers, seen: list[int] = seen
        ) -> httpx.Response:
            seen.append(1)
            return httpx.Response(status, headers=headers, text="no")

        with pytest.raises(ApiError):
            Burnish(ADDRESS, "k", transport=httpx.MockTransport(refuse)).http.get("/x")
        assert len(seen) == tries


def test_nobody_there_says_what_to_do(quick: None) -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(Unreachable, match="burnish up"):
        Burnish(ADDRESS, "k", transport=httpx.MockTransport(nobody)).http.get("/x")


def test_a_broken_stream_goes_on_behind_the_last_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.stream.PAUSES", (0.0, 0.0))
    seen: list[str | None] = []

    def frame(number: int) -> str:
        event = Event(
            id=f"evt_{number}", created_at="t", subject="s", level="info", type="message", message="m", data={}
        )
        return f"id: evt_{number}\nevent: message\ndata: {event.model_dump_json()}\n\n"

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("last-event-id"))
        if len(seen) == 2:
            raise httpx.ReadError("reset")
        text = frame(1) + frame(2) if len(seen) == 1 else frame(3) + 'event: end\ndata: {"status": "completed"}\n\n'
        return httpx.Response(200, text=text)

    found = list(Burnish(ADDRESS, "k", transport=httpx.MockTransport(serve)).datasets.follow("ds_1"))
    assert [event.id for event in found if isinstance(event, Event)] == ["evt_1", "evt_2", "evt_3"]
    assert seen == [None, "evt_2", "evt_2"]


def test_frames_are_read_as_the_standard_says() -> None:
    lines = [": beat", "", "id: 1", "data: a", "data:b", "", "event: end", "data: {}", "", "data: unfinished"]
    assert [(frame.id, frame.event, frame.data) for frame in frames(lines)] == [
        ("1", "message", ["a", "b"]),
        ("1", "end", ["{}"]),
    ]


def test_the_server_is_the_one_given_or_in_the_environment_or_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_DATA_DIR", str(tmp_path))
    assert find_server().url == "http://127.0.0.1:8000"
    (tmp_path / "client.json").write_text('{"url": "http://127.0.0.1:9", "key": "remembered"}')
    assert (find_server().url, find_server().key) == ("http://127.0.0.1:9", "remembered")
    assert find_server("http://elsewhere").key is None
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("BURNISH_KEY=written down\n")
    assert find_server().key == "written down"
    monkeypatch.setenv("BURNISH_KEY", "environment")
    assert find_server("http://elsewhere").key == "environment"
    assert find_server(None, "given").key == "given"
