"""The one shape of an error answer."""

from pydantic import BaseModel, ConfigDict, Field


class ErrorDetail(BaseModel):
    """What was wrong, and what to do."""

    message: str = Field(examples=["method.rdpo.tau: input should be greater than 0 (given -1)."])
    type: str = Field(examples=["invalid_request_error"])
    param: str | None = Field(examples=["method.rdpo.tau"], description="dotted path of the field")
    code: str | None = Field(examples=["greater_than"])


class ErrorAnswer(BaseModel):
    """Every status of 400 and above."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "error": {
                    "message": "There is no behavior named 'sycophantic'. Known: roleplay, safety, sycophancy.",
                    "type": "invalid_request_error",
                    "param": "behavior",
                    "code": "unknown_name",
                }
            }
        }
    )
    error: ErrorDetail
