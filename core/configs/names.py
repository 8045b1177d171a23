"""Names and labels that several configs share."""

from typing import Annotated

from pydantic import Field

Metadata = Annotated[dict[str, str], Field(default_factory=dict, max_length=16)]
ModelName = Annotated[str, Field(min_length=1, max_length=500)]
SecretName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
FileId = Annotated[str, Field(pattern=r"^file-[A-Za-z0-9]{1,64}$")]
