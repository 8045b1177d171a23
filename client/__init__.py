"""The Python client of Burnish and the `burnish` command. Speaks HTTP only and imports nothing of the server."""

from client.burnish import Burnish
from client.errors import ApiError, BurnishClientError, Unreachable

__all__ = ["ApiError", "Burnish", "BurnishClientError", "Unreachable"]
