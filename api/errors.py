"""Every HTTP status there is, in one table, and the one shape of an error answer."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from api.validation import explain
from core.errors import (
    BadInput,
    BurnishError,
    Conflict,
    DamagedArtifact,
    Forbidden,
    ForbiddenModel,
    IdempotencyInFlight,
    IdempotencyMismatch,
    MissingColumn,
    NotFound,
    TooMany,
    Unauthenticated,
    Unavailable,
    UnknownName,
)

RETRY_SECONDS = 2
NO_RETRY = {"x-should-retry": "false"}
RETRY = {"retry-after": str(RETRY_SECONDS)}


@dataclass(frozen=True)
class Status:
    """How one kind of error is answered."""

    number: int
    type: str
    code: str
    headers: dict[str, str] = field(default_factory=dict)


STATUSES: dict[type[BurnishError], Status] = {
    UnknownName: Status(400, "invalid_request_error", "unknown_name"),
    ForbiddenModel: Status(400, "invalid_request_error", "forbidden_model"),
    MissingColumn: Status(400, "invalid_request_error", "missing_column"),
    BadInput: Status(400, "invalid_request_error", "bad_input"),
    Unauthenticated: Status(401, "authentication_error", "invalid_api_key", {"www-authenticate": "Bearer"}),
    Forbidden: Status(403, "permission_error", "missing_scope"),
    NotFound: Status(404, "not_found_error", "not_found"),
    Conflict: Status(409, "conflict_error", "state_conflict", NO_RETRY),
    IdempotencyInFlight: Status(409, "idempotency_error", "idempotency_in_flight", {"retry-after": "1"}),
    IdempotencyMismatch: Status(422, "idempotency_error", "idempotency_mismatch", NO_RETRY),
    TooMany: Status(429, "rate_limit_error", "too_many", RETRY),
    Unavailable: Status(503, "unavailable_error", "unavailable", RETRY),
    DamagedArtifact: Status(500, "server_error", "damaged_artifact"),
    BurnishError: Status(500, "server_error", "internal"),
}

PLAIN: dict[int, tuple[str, str]] = {
    400: ("invalid_request_error", "bad_request"),
    404: ("not_found_error", "unknown_route"),
    405: ("invalid_request_error", "method_not_allowed"),
    408: ("timeout_error", "slow_request"),
    413: ("invalid_request_error", "body_too_large"),
    415: ("invalid_request_error", "unsupported_media_type"),
    422: ("invalid_request_error", "invalid"),
    503: ("unavailable_error", "unavailable"),
}


@dataclass(frozen=True)
class Problem:
    """What goes into an error answer."""

    message: str
    type: str = "invalid_request_error"
    param: str | None = None
    code: str | None = None


def answer(status: int, problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    """The error shape: `{"error": {message, type, param, code}}`."""
    body = {"message": problem.message, "type": problem.type, "param": problem.param, "code": problem.code}
    return JSONResponse({"error": body}, status_code=status, headers=headers)


def plain(
    status: int, message: str, *, param: str | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """An error answer that belongs to a status and to no error of ours."""
    type, code = PLAIN.get(status, ("server_error", "internal") if status >= 500 else PLAIN[400])
    return answer(status, Problem(message, type, param, code), headers)


def burnish_answer(error: BurnishError) -> JSONResponse:
    """The answer to one of our errors, by the nearest class in the table."""
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    problem = Problem(error.message, status.type, getattr(error, "param", None), status.code)
    return answer(status.number, problem, status.headers)


def unexpected() -> JSONResponse:
    """The answer to a fault of ours: no detail leaves the house, the log has it under the request id."""
    problem = Problem("Something went wrong on our side; the log has it under this x-request-id.", "server_error")
    return answer(500, Problem(problem.message, problem.type, None, "internal"))


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BurnishError)
    return burnish_answer(error)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    message = str(error.detail)
    if error.status_code == 404:
        message = f"There is no route {request.scope['path']!r}; GET /openapi.json lists every route."
    elif error.status_code == 405:
        message = f"{request.method} is not offered here; the allow header lists what is."
    return plain(error.status_code, message, headers=dict(error.headers or {}))


async def _validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    kind = request.headers.get("content-type", "")
    if isinstance(error.body, bytes) or (error.body is not None and "json" not in kind):
        return plain(415, f"The body is {kind or 'of no kind'}; send JSON with content-type: application/json.")
    message, param, code = explain(error.errors(), error.body)
    return answer(400 if code == "json_invalid" else 422, Problem(message, "invalid_request_error", param, code))


async def _database(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, DBAPIError) and not error.connection_invalidated:
        raise error
    return burnish_answer(Unavailable("The database does not answer in time. Try again."))


def install(app: FastAPI) -> None:
    """Answer every error of the application in the one shape."""
    handlers: dict[Any, Any] = {
        BurnishError: _ours,
        HTTPException: _http,
        RequestValidationError: _validation,
        PoolTimeout: _database,
        DBAPIError: _database,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
