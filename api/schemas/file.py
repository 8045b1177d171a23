"""An uploaded file as the caller sees it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas.page import Object
from core.tables import File


class FileObject(Object):
    """A file of prompts or pairs, every line of which was checked."""

    object: Literal["file"] = "file"
    id: str = Field(examples=["file-01kfw3v8x2m4c9t7q0r5b6n1za"])
    purpose: Literal["prompts", "pairs"]
    format: Literal["trl", "openai", "jsonl", "parquet"]
    filename: str
    bytes: int
    rows: int = Field(description="prompts or pairs in it")
    sha256: str
    created_at: datetime


def show_file(row: File) -> FileObject:
    """A row as the caller sees it."""
    return FileObject.model_validate(
        {
            "id": row.id,
            "purpose": row.purpose,
            "format": row.format,
            "filename": row.name,
            "bytes": row.bytes,
            "rows": row.rows,
            "sha256": row.sha256,
            "created_at": row.created_at,
        }
    )


FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["purpose", "file"],
                    "additionalProperties": False,
                    "properties": {
                        "purpose": {"type": "string", "enum": ["prompts", "pairs"]},
                        "format": {
                            "type": "string",
                            "enum": ["trl", "openai", "jsonl", "parquet"],
                            "description": "left out: parquet for a file of that name, else jsonl",
                        },
                        "file": {"type": "string", "format": "binary"},
                    },
                }
            }
        },
    }
}
