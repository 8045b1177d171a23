"""The page of API keys: made and shown once, listed, revoked."""

import hashlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.auth import Caller
from api.dashboard.curl import Commands, Curl
from api.dashboard.fields import NO_FIELDS, Fields, sent_fields
from api.dashboard.listing import listing
from api.dashboard.refusal import Refusal, refusal
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Keeper
from api.deps import ListPage, Paging, Post
from api.routes.keys import create_key, list_keys, revoke_key
from api.schemas.key import KeyRequest, NewKeyObject
from core.errors import BadInput
from core.ids import new_id

router = APIRouter(prefix="/dashboard/keys", route_class=PageRoute)

FIRST = Paging(None, 20)
SCOPES = (
    ("read", "look at everything of the project"),
    ("write", "start, stop and change work"),
    ("admin", "make and revoke keys, store secrets"),
)
EXAMPLE = {"name": "laptop", "scopes": ["read", "write"]}


@router.get("")
def show_keys(caller: Keeper, curl: Curl, paging: ListPage) -> Response:
    """Newest first, revoked ones too."""
    return _page(caller, curl, paging)


@router.post("")
def make_key(caller: Keeper, curl: Curl, fields: Annotated[Fields, Depends(sent_fields)]) -> Response:
    """Make a key and show its text on this one answer. Sending the form twice makes one, and shows it again."""
    body = body_of(fields)
    try:
        answer = create_key(KeyRequest.model_validate(body), _post(caller, fields.get("once"), body))
    except (ValidationError, BadInput) as error:
        return _page(caller, curl, FIRST, fields=fields, said=refusal(error, body))
    return _page(caller, curl, FIRST, made=NewKeyObject.model_validate_json(bytes(answer.body)))


@router.post("/{id}/revoke")
def revoke(id: str, caller: Keeper) -> Response:
    """Close a key for good, and back to the list."""
    revoke_key(id, caller)
    return RedirectResponse("/dashboard/keys", 303)


def body_of(fields: Fields) -> dict[str, Any]:
    """The body of POST /keys; a key lasts to the end of the day that is named."""
    body: dict[str, Any] = {"name": fields.get("name").strip(), "scopes": fields.all("scopes")}
    day = fields.get("expires").strip()
    return body | ({"expires_at": f"{day}T23:59:59Z"} if day else {})


def _post(caller: Caller, key: str, body: dict[str, Any]) -> Post:
    hashed = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    return Post(caller, f"dashboard:{key[:64]}" if key.isascii() and key else None, hashed, sealed=True)


def _page(
    caller: Caller,
    curl: Commands,
    paging: Paging,
    *,
    made: NewKeyObject | None = None,
    fields: Fields = NO_FIELDS,
    said: Refusal | None = None,
) -> Response:
    listed = list_keys(caller, paging)
    return page(
        "keys.html",
        caller,
        status=said.status if said else 200,
        **listing(listed, paging),
        made=made,
        fields=fields,
        said=said,
        scopes=SCOPES,
        once=new_id("form"),
        live=False,
        commands={
            "list": curl.get("/keys"),
            "make": curl.post("/keys", body_of(fields) if said else EXAMPLE),
            "revoke": {row.id: curl.delete(f"/keys/{row.id}") for row in listed.data},
        },
    )
