"""Export of a dataset's pairs, in every form there is."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from api.dashboard.curl import Commands
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Looker
from api.export import FORMATS
from api.routes.dataset_pairs import export_pairs
from core.errors import UnknownName

router = APIRouter(prefix="/dashboard/datasets", route_class=PageRoute)

SUITS = {
    "trl": "TRL's DPOTrainer",
    "openai": "preference fine-tuning of the OpenAI API",
    "parquet": "datasets and data frames",
    "jsonl": "everything there is about each pair",
}


@dataclass(frozen=True)
class ExportLink:
    """A form, what reads it, where it is, and the command that fetches it."""

    format: str
    suits: str
    path: str
    command: str


def export_links(curl: Commands, id: str) -> list[ExportLink]:
    """One for each form that `api.export` writes."""
    return [
        ExportLink(
            format,
            SUITS.get(format, ""),
            f"/dashboard/datasets/{id}/export?format={format}",
            curl.get(f"/datasets/{id}/export?format={format}") + " -OJ",
        )
        for format in FORMATS
    ]


@router.get("/{id}/export")
def export_dataset(request: Request, id: str, caller: Looker, format: str = "trl") -> Response:
    """The kept pairs, as the API streams them. Raises UnknownName."""
    if format not in FORMATS:
        raise UnknownName("format", format, list(FORMATS), param="format")
    return export_pairs(request, id, caller, format)  # type: ignore[arg-type]  # it is one of FORMATS
