"""What can go wrong on this side of the wire.

BurnishClientError
├── ApiError       the server answered with an error; carries status, type, param, code, request_id
├── Unreachable    nobody answers at the address
└── NotConfigured  no address or no key is known
"""

from dataclasses import dataclass


class BurnishClientError(Exception):
    """Root of the tree."""


@dataclass(frozen=True)
class Problem:
    """An error answer, taken apart."""

    status: int
    message: str
    type: str | None = None
    param: str | None = None
    code: str | None = None
    request_id: str | None = None


class ApiError(BurnishClientError):
    """The server answered with a status of 400 or above."""

    def __init__(self, problem: Problem) -> None:
        where = f" (param {problem.param})" if problem.param else ""
        super().__init__(f"{problem.status}: {problem.message}{where}")
        self.problem = problem


class Unreachable(BurnishClientError):
    """Nobody answers at the address; the message says what to do."""


class NotConfigured(BurnishClientError):
    """No address or no key is known; the message says where to put it."""
