"""An API key as the caller sees it: its text only once."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from api.schemas.page import Object
from core.configs.config import Config
from core.tables import ApiKey

ScopeName = Literal["read", "write", "admin"]


class KeyRequest(Config):
    """What `POST /keys` asks for."""

    name: str = Field("", max_length=200, description="what the key is for")
    scopes: Annotated[tuple[ScopeName, ...], Field(min_length=1, max_length=3)] = ("read", "write")
    expires_at: AwareDatetime | None = Field(None, description="RFC 3339, with its offset; left out: never")


class KeyObject(Object):
    """A key: the id, what it may, until when."""

    object: Literal["key"] = "key"
    id: str = Field(examples=["key_01kfw3v8x2m4c9t7q0r5b6n1za"])
    name: str
    scopes: list[ScopeName]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKeyObject(KeyObject):
    """The answer to the request that made the key: the only one that shows its text."""

    key: str = Field(description="send it as `Authorization: Bearer <key>`; it is shown once")


def show_key(row: ApiKey) -> KeyObject:
    """A row as the caller sees it."""
    return KeyObject.model_validate(
        {
            "id": row.id,
            "name": row.name,
            "scopes": row.scopes,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "revoked_at": row.revoked_at,
        }
    )
