"""What `POST /datasets/{id}/push` asks for."""

from typing import Literal

from pydantic import Field

from core.configs.config import Config
from core.configs.names import SecretName


class PushConfig(Config):
    """The kept pairs and their card, as a dataset of the Hugging Face hub."""

    repo: str = Field(
        pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$",
        max_length=200,
        description="owner/name on the hub",
        examples=["me/polite-pairs"],
    )
    private: bool = Field(True, description="of a repository that is made now; one that is there stays as it is")
    format: Literal["trl", "openai", "jsonl", "parquet"] = "parquet"
    secret: SecretName | None = Field(
        None, description="the name of the secret that holds the token; left out: BURNISH_HUB_TOKEN"
    )
