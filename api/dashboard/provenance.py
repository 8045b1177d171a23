"""The page of one pair: everything that decided it."""

from fastapi import APIRouter, Response

from api.dashboard.curl import Curl
from api.dashboard.pairs import reviewed
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Looker
from api.routes.pairs import read_pair
from core.database import transaction
from core.queries import reviews

router = APIRouter(prefix="/dashboard/pairs", route_class=PageRoute)

REVIEWS = 50


@router.get("/{id}")
def show_pair_page(id: str, caller: Looker, curl: Curl) -> Response:
    """Both sides, every turn and score, fingerprints, sampling, seeds, times, and the reviews."""
    pair = read_pair(id, caller)
    with transaction() as session:
        history = reviews.page(session, id, limit=REVIEWS)
    return page(
        "pair.html",
        caller,
        one=reviewed(pair),
        from_=pair.provenance,
        history=history,
        live=False,
        commands={"read": curl.get(f"/pairs/{id}"), "reviews": curl.get(f"/pairs/{id}/reviews")},
    )
