"""A secret as the caller sees it: its value never."""

from datetime import datetime
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from api.schemas.page import Object
from core.configs.config import Config
from core.configs.names import SecretName
from core.tables import Secret


class SecretRequest(Config):
    """What `POST /secrets` asks for."""

    name: SecretName = Field(description="the name that `teacher.secret` and a judge's `secret` give")
    value: SecretStr = Field(min_length=1, max_length=10_000, description="such as the API key of an endpoint")

    @field_validator("value")
    @classmethod
    def _fit_for_a_header(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        if not (key.isascii() and key.isprintable()):
            raise ValueError("a secret is printable ASCII on one line, for it is sent in a header")
        return value

    @field_validator("value", mode="before")
    @classmethod
    def _covered(cls, value: object) -> SecretStr | None:
        """Covered before anything is checked, so that no refusal repeats it; white space around it is no part of it."""
        return SecretStr(value.strip()) if isinstance(value, str) else None


class SecretObject(Object):
    """A secret: its name, and when it was stored."""

    object: Literal["secret"] = "secret"
    id: str = Field(description="its name", examples=["hosted-teacher"])
    created_at: datetime
    updated_at: datetime


def show_secret(row: Secret) -> SecretObject:
    """A row as the caller sees it."""
    return SecretObject(id=row.name, created_at=row.created_at, updated_at=row.updated_at)
