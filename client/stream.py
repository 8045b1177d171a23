"""Server-sent events: parsed, followed over broken connections with Last-Event-ID, until the server says the end."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict

from client.errors import ApiError
from client.http import Http, raise_for

SILENCE_SECONDS = 45.0  # three heartbeats
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)


class Event(BaseModel):
    """Something worth telling about a dataset, a run or a distillation."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    created_at: str
    subject: str
    level: str
    type: str
    message: str
    data: dict[str, Any]


class End(BaseModel):
    """The end of a stream: how its subject ended."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: str
    error: str | None = None


@dataclass
class Frame:
    """One message of the stream, as it came."""

    id: str | None = None
    event: str = "message"
    data: list[str] = field(default_factory=list)


def frames(lines: Iterable[str]) -> Iterator[Frame]:
    """Messages out of lines; comments (heartbeats) are left out."""
    frame = Frame()
    for line in lines:
        if not line:
            if frame.data:
                yield frame
            frame = Frame(id=frame.id)
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            frame.id = value
        elif name == "event":
            frame.event = value
        elif name == "data":
            frame.data.append(value)


def follow(http: Http, path: str, *, since: str | None = None) -> Iterator[Event | End]:
    """Every event behind `since`, live, ending with an End. Raises ApiError, or Unreachable when nobody comes back.

    A broken connection is taken up again behind the last event, so none is told twice and none is left out.
    """
    last = since
    failures = 0
    while True:
        try:
            for found in _once(http, path, last):
                if isinstance(found, End):
                    yield found
                    return
                last = found.id
                failures = 0
                yield found
        except (httpx.TransportError, ApiError) as error:
            if isinstance(error, ApiError) and error.problem.status not in (429, 500, 502, 503, 504):
                raise
            if failures >= len(PAUSES):
                raise (error if isinstance(error, ApiError) else http.unreachable(error)) from error
        time.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
        failures += 1


def _once(http: Http, path: str, last: str | None) -> Iterator[Event | End]:
    headers = {"accept": "text/event-stream"} | ({"last-event-id": last} if last else {})
    timeout = httpx.Timeout(SILENCE_SECONDS, connect=5.0)
    with http.client.stream("GET", path, headers=headers, timeout=timeout) as response:
        raise_for(response)
        for frame in frames(response.iter_lines()):
            text = "\n".join(frame.data)
            yield End.model_validate_json(text) if frame.event == "end" else Event.model_validate_json(text)
