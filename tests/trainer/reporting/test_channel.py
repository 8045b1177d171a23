"""Places that hang, refuse, die or are not there: whoever reports never waits, and is told what is missing."""

import time
from pathlib import Path

import pytest

from tests.conftest import forget_settings
from trainer.reporting import channel as channels
from trainer.reporting.channel import Channel, open_channel
from trainer.reporting.places import PLACES, Place, closed
from trainer.reporting.reporter import Opening, Row

FAKE = Place("The fake", "trainer", "tests.fakes.place")
OPENING = Opening("run_x", 0, {"method.type": "dpo"}, {}, None)
DEADLINE = 120.0
TELLING = "The fake does not take reports; the trainer's log says why. The training goes on."
SECRET = "hunter2hunter2"


def row(step: int, *said: str) -> Row:
    """A row that says what its place is to do."""
    return Row(step, time.time(), dict.fromkeys(said, 1.0) | {"train/loss": 1.0})


def close(channel: Channel, *, seconds: float = DEADLINE) -> list[str]:
    """End it, and return what there is to tell."""
    channel.end("succeeded")
    channel.close(time.monotonic() + seconds)
    assert not channel.thread.is_alive()
    return [message for _, message in channel.news]


def test_a_place_that_takes_everything_has_nothing_to_tell_but_where(capfd: pytest.CaptureFixture[str]) -> None:
    channel = open_channel(FAKE, OPENING)
    for step in (1, 2):
        channel.put(row(step))
    assert close(channel) == ["Reported to The fake: a fake."]
    assert channel.process is not None
    assert channel.process.returncode == 0
    assert "the run succeeded" in capfd.readouterr().err  # what it prints is the log's


def test_what_is_refused_is_counted_and_what_comes_after_is_told(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_MLFLOW_URI", f"https://me:{SECRET}@mlflow.internal")
    forget_settings()
    channel = open_channel(FAKE, OPENING)
    for told in (row(1), row(2, "refuse"), row(3, "refuse"), row(4)):
        channel.put(told)
    assert close(channel) == ["Reported to The fake: a fake.", TELLING, "The fake lacks 2 of 4 reports."]
    logged = capfd.readouterr().err
    assert "[redacted]@mlflow.internal does not answer" in logged
    assert SECRET not in logged
    forget_settings()


def test_a_place_that_ends_is_told_of_and_everything_after_is_counted() -> None:
    channel = open_channel(FAKE, OPENING)
    for told in (row(1), row(2, "die"), row(3)):
        channel.put(told)
    ended = "The fake does not take reports any more; the trainer's log says why. The training goes on."
    assert close(channel) == ["Reported to The fake: a fake.", ended, "The fake lacks 2 of 3 reports."]


def test_a_place_that_hangs_is_left_alone_when_the_time_is_up() -> None:
    channel = open_channel(FAKE, OPENING)
    for told in (row(1, "hang"), row(2)):
        channel.put(told)
    news = close(channel, seconds=0.1)
    late = "The fake did not take everything in time; it is waited for no longer."
    assert news[-2:] == [late, "The fake lacks 2 of 2 reports."]
    assert channel.process is not None
    assert channel.process.returncode == -9


def test_what_does_not_fit_into_the_queue_is_dropped_and_counted() -> None:
    channel = open_channel(FAKE, OPENING)
    channel.put(row(1, "hang"))
    more = channels.MOST + 50
    for step in range(more):
        channel.put(row(step))
    assert channel.dropped >= 48  # two may have been taken out
    keeps = "The fake does not keep up: reports that find no room are dropped. The training goes on."
    news = close(channel, seconds=0.1)
    assert news.count(keeps) == 1
    assert news[-1] == f"The fake lacks {more + 1} of {more + 1} reports."


def test_a_run_that_is_refused_is_told_of_once() -> None:
    channel = open_channel(FAKE, Opening("run_x", -1, {}, {}, None))
    channel.put(row(1))
    refused = "The fake cannot be reported to; the trainer's log says why. The training goes on."
    assert close(channel) == [refused, "The fake lacks 1 of 1 reports."]


def test_a_client_that_is_not_installed_is_told_of_with_its_remedy() -> None:
    place = Place("Elsewhere", "no_such_package", "tests.fakes.place")
    channel = open_channel(place, OPENING, lack=place.lack())
    channel.put(row(1))
    assert channel.process is None
    assert close(channel) == [
        "Elsewhere cannot be reported to: its client is not installed where the training runs; install the extra "
        "`reporting` there. The training goes on.",
        "Elsewhere lacks 1 of 1 reports.",
    ]


def test_a_place_that_was_closed_since_is_not_told_of_the_run(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert closed("tensorboard") is None
    monkeypatch.setenv("BURNISH_REPORTERS", "[]")
    forget_settings()
    assert "BURNISH_REPORTERS" in str(closed("tensorboard"))


def test_a_server_that_is_away_is_told_of(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_MLFLOW_URI", "http://127.0.0.1:9")  # discard: nobody listens
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    forget_settings()
    channel = open_channel(PLACES["mlflow"], OPENING)
    channel.put(row(1))
    refused = "MLflow cannot be reported to; the trainer's log says why. The training goes on."
    assert close(channel) == [refused, "MLflow lacks 1 of 1 reports."]
