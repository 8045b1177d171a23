"""The wire: one httpx client, retries that cannot do a thing twice, errors with their fields, pages, streams."""

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import stamina
from stamina import Attempt

from client.errors import ApiError, Problem, Unreachable
from client.settings import Server

RETRIED = (408, 409, 425, 429, 500, 502, 503, 504)
ATTEMPTS = 6
LONGEST_SECONDS = 60.0
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
UPLOAD = httpx.Timeout(600.0, connect=5.0)  # parquet is checked once it is whole

Json = dict[str, Any]


class Http:
    """Requests to one server. Every POST carries an Idempotency-Key, so a retry is the same request."""

    def __init__(self, server: Server, *, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"user-agent": "burnish-client/0.1.0"}
        if server.key:
            headers["authorization"] = f"Bearer {server.key}"
        self.server = server
        self.client = httpx.Client(base_url=server.url, headers=headers, timeout=TIMEOUT, transport=transport)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def get(self, path: str, **query: Any) -> Json:
        """The object at a path. Raises ApiError or Unreachable."""
        return self._json("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, idempotency_key: str | None = None) -> Json:
        """The answer to a POST. Raises ApiError or Unreachable."""
        headers = {"idempotency-key": idempotency_key or str(uuid.uuid4())}
        return self._json("POST", path, body=body, headers=headers)

    def patch(self, path: str, body: Mapping[str, Any]) -> Json:
        """The answer to a PATCH. Raises ApiError or Unreachable."""
        return self._json("PATCH", path, body=body)

    def delete(self, path: str) -> Json:
        """The answer to a DELETE. Raises ApiError or Unreachable."""
        return self._json("DELETE", path)

    def pages(self, path: str, **query: Any) -> Iterator[Json]:
        """Every object of a list, page by page."""
        after: str | None = None
        while True:
            page = self.get(path, **query, after=after)
            yield from page["data"]
            after = page["last_id"]
            if not page["has_more"]:
                return

    def upload(self, path: str, fields: Mapping[str, str], file: Path) -> Json:
        """The answer to a form with a file, which is streamed. Raises ApiError, Unreachable or OSError."""
        headers = {"idempotency-key": str(uuid.uuid4())}
        form = {name: value for name, value in fields.items() if value is not None}
        with file.open("rb") as stream:
            for attempt in _attempts():
                with attempt:
                    stream.seek(0)
                    answer = self.client.post(
                        path, data=form, files={"file": (file.name, stream)}, headers=headers, timeout=UPLOAD
                    )
                    raise_for(answer)
        found: Json = answer.json()
        return found

    def chunks(self, path: str, **query: Any) -> Iterator[bytes]:
        """The bytes of a streamed answer. Raises ApiError or Unreachable."""
        try:
            with self.client.stream("GET", path, params=_given(query)) as response:
                raise_for(response)
                yield from response.iter_bytes()
        except httpx.TransportError as error:
            raise self.unreachable(error) from error

    def lines(self, path: str, **query: Any) -> Iterator[str]:
        """The lines of a streamed answer; only a line feed ends one. Raises ApiError or Unreachable."""
        waiting = b""
        for chunk in self.chunks(path, **query):
            *whole, waiting = (waiting + chunk).split(b"\n")
            yield from (line.decode() for line in whole)
        if waiting:
            yield waiting.decode()

    def unreachable(self, error: Exception) -> Unreachable:
        """What to tell somebody whose server does not answer."""
        told = str(error) or type(error).__name__
        return Unreachable(f"Nobody answers at {self.server.url} ({told}); start one with `burnish up`, or give --url.")

    def _json(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        request = self.client.build_request(method, path, params=_given(query or {}), json=body, headers=headers)
        try:
            found: Json = self._send(request).json()
        except httpx.TransportError as error:
            raise self.unreachable(error) from error
        return found

    def _send(self, request: httpx.Request) -> httpx.Response:
        for attempt in _attempts():
            with attempt:
                response = self.client.send(request)
                raise_for(response)
        return response


def _attempts() -> Iterator[Attempt]:
    return iter(stamina.retry_context(on=_pause, attempts=ATTEMPTS, timeout=LONGEST_SECONDS, wait_max=10.0))


def _given(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}


class _Refused(ApiError):
    """An error answer, with what the server says about trying again."""

    def __init__(self, problem: Problem, headers: httpx.Headers) -> None:
        super().__init__(problem)
        self.headers = headers


def raise_for(response: httpx.Response) -> None:
    """Raises ApiError for a status of 400 and above."""
    if response.status_code < 400:
        return
    response.read()
    try:
        told = response.json()["error"]
        problem = Problem(
            status=response.status_code,
            message=told["message"],
            type=told["type"],
            param=told["param"],
            code=told["code"],
            request_id=response.headers.get("x-request-id"),
        )
    except (ValueError, KeyError, TypeError):
        problem = Problem(response.status_code, response.text[:200] or response.reason_phrase)
    raise _Refused(problem, response.headers)


def _pause(error: Exception) -> bool | float:
    """Whether to try again, or how many seconds to wait before it: what the server asked for, if it did."""
    if isinstance(error, _Refused):
        if error.problem.status not in RETRIED or error.headers.get("x-should-retry") == "false":
            return False
        asked = error.headers.get("retry-after", "")
        return float(asked) if asked.isdigit() else True
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)
