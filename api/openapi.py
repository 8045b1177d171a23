"""What the OpenAPI document says beyond the routes themselves."""

from typing import Any

from fastapi.routing import APIRoute

from api.schemas.error import ErrorAnswer


def _error(text: str) -> dict[str, Any]:
    return {"model": ErrorAnswer, "description": text}


ERRORS: dict[int | str, dict[str, Any]] = {
    400: _error("What was asked cannot be done as asked; `param` names the field."),
    401: _error("No key, or one that opens nothing."),
    403: _error("The key lacks the scope."),
    404: _error("No such object in this project."),
    408: _error("The body did not arrive in time."),
    409: _error("The state does not allow it, or the first request with this Idempotency-Key has not ended."),
    413: _error("The body is too large."),
    415: _error("The body is not application/json."),
    422: _error("A field is missing, unknown or of the wrong type; or the Idempotency-Key was used for another body."),
    429: _error("As many as may be at once are open; `retry-after` says when to come back."),
    500: _error("A fault of ours; the log has it under the x-request-id."),
    503: _error("The database does not answer; `retry-after` says when to come back."),
}


def operation_id(route: APIRoute) -> str:
    """The name of the route's function: unique, and readable in generated clients."""
    return route.name
