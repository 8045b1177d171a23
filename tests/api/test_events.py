"""Events: lists, and live streams from a real server."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from api.first_key import make_first_key
from api.schemas.event import event_number, show_event
from api.streams import Follow, Look, Streams
from client.stream import Frame, frames
from core.database import transaction
from core.errors import TooMany
from core.queries import datasets, events
from core.tables import DEFAULT_PROJECT
from tests.api.server import Serving, serving
from tests.factories import ledger

LIVE = {"accept": "text/event-stream"}


def tell(subject: str, message: str) -> None:
    """Commit one event."""
    with transaction() as session:
        events.tell(session, project_id=DEFAULT_PROJECT, subject=subject, message=message, data={"n": 1})


def some_dataset() -> str:
    """The id of a dataset that waits."""
    with transaction() as session:
        return ledger.dataset(session).id


def test_events_are_listed_newest_first_and_paged(client: TestClient) -> None:
    id = some_dataset()
    for number in range(3):
        tell(id, f"news {number}")
    page = client.get(f"/datasets/{id}/events", params={"limit": 2}).json()
    assert [event["message"] for event in page["data"]] == ["news 2", "news 1"]
    assert set(page["data"][0]) == {"object", "id", "created_at", "subject", "level", "type", "message", "data"}
    rest = client.get(f"/datasets/{id}/events", params={"after": page["last_id"]}).json()
    assert [event["message"] for event in rest["data"]] == ["news 0", "Queued 12 prompts."]
    assert client.get(f"/datasets/{id}/events", params={"after": "ds_1"}).json()["error"]["param"] == "after"
    assert client.get(f"/datasets/{id}/events", params={"after": "evt_" + "9" * 19}).status_code == 200


@pytest.fixture
def served(world: object, tmp_path: Path) -> Iterator[Serving]:
    """A real server on the test's ledger, with quick heartbeats."""
    with serving(tmp_path / "api.log", {"BURNISH_SSE_HEARTBEAT_SECONDS": "0.3", "BURNISH_MAX_STREAMS": "2"}) as found:
        yield found


@pytest.fixture
def http(served: Serving) -> Iterator[httpx.Client]:
    """A client of the real server, with the first key."""
    key = {"authorization": f"Bearer {make_first_key()}"}
    with httpx.Client(base_url=served.url, headers=key, timeout=20.0, trust_env=False) as client:
        yield client


def read(http: httpx.Client, path: str, **headers: str) -> Iterator[Frame]:
    """The frames of a live stream."""
    with http.stream("GET", path, headers=LIVE | headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        yield from frames(response.iter_lines())


def test_a_live_stream_replays_ends_in_words_beats_and_counts_its_readers(http: httpx.Client, served: Serving) -> None:
    _replays_goes_on_live_and_ends_in_words(http)
    _sends_heartbeats_while_silent_and_says_when_the_house_is_full(http)
    assert http.get("/datasets/ds_x/events", headers=LIVE).status_code == 404
    assert http.get("/datasets/ds_x/events", headers=LIVE | {"authorization": ""}).status_code == 401
    _stops_without_an_end_event_when_the_server_does(http, served)


def _replays_goes_on_live_and_ends_in_words(http: httpx.Client) -> None:
    id = some_dataset()
    path = f"/datasets/{id}/events"
    stream = read(http, path)
    first = next(stream)
    assert "Queued 12 prompts." in first.data[0]
    tell(id, "live news")
    second = next(stream)
    assert "live news" in second.data[0]
    assert event_number(second.id) is not None
    with transaction() as session:
        datasets.cancel(session, DEFAULT_PROJECT, id)
    rest = list(stream)
    assert [frame.event for frame in rest] == ["message", "end"]
    assert '"cancelled"' in rest[-1].data[0]
    again = list(read(http, path, **{"last-event-id": str(first.id)}))
    assert [frame.data for frame in again] == [second.data, *(frame.data for frame in rest)]


def _sends_heartbeats_while_silent_and_says_when_the_house_is_full(http: httpx.Client) -> None:
    path = f"/datasets/{some_dataset()}/events"
    with http.stream("GET", path, headers=LIVE) as one, http.stream("GET", path, headers=LIVE) as two:
        lines = [one.iter_lines(), two.iter_lines()]  # held: a dropped iterator closes its connection
        for stream in lines:
            assert any(line == ": heartbeat" for line in stream)
        assert _status(http, path) == 429
    deadline = time.monotonic() + 20
    while (answer := _status(http, path)) == 429 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert answer == 200


def _stops_without_an_end_event_when_the_server_does(http: httpx.Client, served: Serving) -> None:
    stream = read(http, f"/datasets/{some_dataset()}/events")
    assert "Queued" in next(stream).data[0]
    served.process.send_signal(signal.SIGTERM)
    assert list(stream) == []
    assert served.process.wait(30) in (0, -signal.SIGTERM)


def _status(http: httpx.Client, path: str) -> int:
    with http.stream("GET", path, headers=LIVE) as response:
        return response.status_code


def test_an_event_committed_late_under_a_lower_number_is_still_told(database: str) -> None:
    """Numbers are dealt at INSERT and seen at COMMIT: a slow transaction's event appears behind a quick one's."""

    def look(number: int) -> Look:
        with transaction() as session:
            rows = events.after(session, DEFAULT_PROJECT, ["x"], after=number)
            return Look([show_event(row) for row in rows], None)

    follow = Follow(look, 0)
    with transaction() as slow:
        events.tell(slow, project_id=DEFAULT_PROJECT, subject="x", message="slow")
        slow.execute(text("SELECT 1"))
        tell("x", "quick")
        assert [event.message for event in follow.news().events] == ["quick"]
    assert [event.message for event in follow.news().events] == ["slow"]
    assert follow.news().events == []


def test_places_are_counted(database: str) -> None:
    streams = Streams(1)
    with streams.slot(), pytest.raises(TooMany):
        streams.check()
    streams.check()


@pytest.mark.parametrize(
    ("id", "number"), [("evt_7", 7), ("evt_-7", None), ("7", None), ("evt_\u0667", None), (None, None)]
)
def test_the_number_of_an_event_is_read_from_its_id(id: str | None, number: int | None) -> None:
    assert event_number(id) == number
