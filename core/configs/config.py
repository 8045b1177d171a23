"""The root of all configs: frozen, and unknown fields are refused."""

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """Frozen, strict about names; validated once at the door."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
