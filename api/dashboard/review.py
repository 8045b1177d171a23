"""Reviewing pairs one by one: the page, and the decisions, which are those of PATCH /pairs/{id}."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from api.auth import Caller
from api.dashboard.curl import Commands, Curl
from api.dashboard.diff import sides_changed
from api.dashboard.fields import NO_FIELDS, Fields, sent_fields
from api.dashboard.pair_filter import AskedPairs
from api.dashboard.pairs import query
from api.dashboard.refusal import Refusal, refusal
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.scores import score_rows
from api.dashboard.visitor import Actor, Looker
from api.routes.pairs import review_pair
from api.schemas.pair import PairObject, show_pair
from core.configs.review import ReviewConfig
from core.database import transaction
from core.errors import BadInput, Conflict
from core.queries import datasets, pairs, reviews, scores
from core.queries.pairs import PairFilter

router = APIRouter(prefix="/dashboard", route_class=PageRoute)

MOST = 10_000  # pairs that are counted
EXAMPLES: dict[str, dict[str, Any]] = {
    "accept": {"action": "accept"},
    "reject": {"action": "reject", "note": "why"},
    "swap": {"action": "swap"},
    "edit": {"action": "edit", "chosen": "the better answer"},
}
PairId = Annotated[str | None, Query(max_length=100)]


@dataclass(frozen=True)
class Asked:
    """The pair to show, the one decided about just now, and whether single keys act on the page."""

    at: PairId = None
    was: PairId = None
    keys: Literal["off"] | None = None


@dataclass(frozen=True)
class Place:
    """Where a reviewer is: the pairs that are gone through, the one that is shown, and the one just decided about."""

    dataset: str
    filter: PairFilter
    at: str | None = None
    was: str | None = None
    keys: str | None = None

    def path(self, at: str | None, was: str | None = None) -> str:
        """The address of another pair in the same list."""
        asked = query(self.filter, keys=self.keys, at=at, was=was)
        return f"/dashboard/datasets/{self.dataset}/review" + (f"?{asked}" if asked else "")


@router.get("/datasets/{id}/review")
def show_review_page(
    id: str, caller: Looker, curl: Curl, filter: AskedPairs, asked: Annotated[Asked, Depends()]
) -> Response:
    """One pair: draft, critique, revision, scores, and what to decide."""
    return _page(caller, curl, Place(id, filter, asked.at, asked.was, asked.keys))


@router.post("/pairs/{id}/review")
def decide(
    id: str,
    caller: Actor,
    curl: Curl,
    filter: AskedPairs,
    asked: Annotated[Asked, Depends()],
    fields: Annotated[Fields, Depends(sent_fields)],
) -> Response:
    """Review a pair and show the next one, or after a swap or an edit the pair itself; else say why not."""
    with transaction() as session:
        pair = show_pair(pairs.get(session, caller.project_id, id))
        older = pairs.beside(session, pair.dataset, filter, id).older
    place = Place(pair.dataset, filter, id, keys=asked.keys)
    body = asked_of(fields, pair)
    try:
        review_pair(id, ReviewConfig.model_validate(body), caller)
    except (ValidationError, BadInput, Conflict) as error:
        return _page(caller, curl, place, fields, refusal(error, body))
    onwards = older if body["action"] in ("accept", "reject") and older is not None else id
    return RedirectResponse(place.path(onwards, was=id), 303)


def asked_of(fields: Fields, pair: PairObject) -> dict[str, Any]:
    """The body of the PATCH: of the two texts those that were changed, the note where there is one."""
    body: dict[str, Any] = {"action": fields.get("action")}
    if body["action"] == "edit":
        for side, before in (("chosen", pair.chosen), ("rejected", pair.rejected)):
            if side in fields and fields.get(side) != _as_sent(before):
                body[side] = fields.get(side)
    note = fields.get("note").strip()
    return body | ({"note": note} if note else {})


def _as_sent(text: str) -> str:
    """A text as a browser gives it back from a text area."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _page(
    caller: Caller, curl: Commands, place: Place, fields: Fields = NO_FIELDS, said: Refusal | None = None
) -> Response:
    with transaction() as session:
        dataset = datasets.get(session, caller.project_id, place.dataset)
        shown = _shown(session, caller, curl, place)
        number = pairs.number(session, dataset.id, place.filter, most=MOST + 1)
        return page(
            "review.html",
            caller,
            status=said.status if said else 200,
            dataset=dataset,
            filter=place.filter,
            keys=place.keys,
            fields=fields,
            said=said,
            was=_decided(session, caller, place),
            number=min(number, MOST),
            more=number > MOST,
            live=False,
            **shown,
        )


def _shown(session: Session, caller: Caller, curl: Commands, place: Place) -> dict[str, Any]:
    """The pair asked for, else the newest of the list; `pair` is None for an empty list."""
    at = place.at
    if at is None:
        newest = pairs.page(session, place.dataset, place.filter, limit=1)
        at = newest[0].Pair.id if newest else None
    if at is None:
        return {"pair": None}
    row = pairs.get(session, caller.project_id, at)
    pair = show_pair(row)
    beside = pairs.beside(session, pair.dataset, place.filter, at)
    rejected, chosen = sides_changed(pair.rejected, pair.chosen)
    answers = (row.Pair.rejected_answer, row.Pair.chosen_answer)
    return {
        "pair": pair,
        "answers": answers,
        "rejected": rejected,
        "chosen": chosen,
        "scores": score_rows(scores.of_chain(session, row.Pair.chain_id), *answers),
        "first": reviews.first(session, at),
        "last": next(iter(reviews.page(session, at, limit=1)), None),
        "newer": beside.newer and place.path(beside.newer),
        "older": beside.older and place.path(beside.older),
        "query": query(place.filter, keys=place.keys),
        "other_keys": replace(place, keys=None if place.keys else "off").path(at),
        "commands": {name: curl.patch(f"/pairs/{at}", body) for name, body in EXAMPLES.items()},
    }


def _decided(session: Session, caller: Caller, place: Place) -> dict[str, Any] | None:
    """The review that was made just now, for the line that says so."""
    if place.was is None:
        return None
    pairs.get(session, caller.project_id, place.was)
    last = next(iter(reviews.page(session, place.was, limit=1)), None)
    if last is None:
        return None
    return {"review": last, "path": place.path(place.was), "here": place.was == place.at}
