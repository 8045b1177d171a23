"""Which pairs a page shows: as the API is asked, but a form's empty fields mean any."""

from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BeforeValidator

from api.routes.dataset_pairs import Split, Verdict
from core.queries.pairs import PairFilter


def _blank(value: Any) -> Any:
    return None if value == "" else value


Blank = BeforeValidator(_blank)


def page_filter(
    split: Annotated[Split | None, Blank] = None,
    verdict: Annotated[Verdict | None, Blank] = None,
    min_margin: Annotated[float | None, Query(allow_inf_nan=False), Blank] = None,
    reason: Annotated[str | None, Query(max_length=100), Blank] = None,
    reviewed: Annotated[bool | None, Blank] = None,
) -> PairFilter:
    """The filter in the address of a page."""
    return PairFilter(split=split, verdict=verdict, min_margin=min_margin, reason=reason, reviewed=reviewed)


AskedPairs = Annotated[PairFilter, Depends(page_filter)]
