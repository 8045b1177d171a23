"""A model that can be named in a request."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.page import Object


class ModelObject(Object):
    """`id` is the name of the folder, which requests call it by, or the id of the run that made it."""

    object: Literal["model"] = "model"
    source: Literal["folder", "run"] = Field(description="a folder under a model root, or what a run made")
    kind: Literal["causal", "classifier", "adapter", "unknown"]
    architecture: str | None = Field(examples=["LlamaForCausalLM"])
    path: str = Field(description="where it lies on the server")
    run: str | None
    base: str | None = Field(description="the student a tuned model came from")
    created_at: datetime | None
