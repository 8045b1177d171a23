"""The page of secrets: their names, never their values."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.auth import Caller
from api.dashboard.curl import Commands, Curl
from api.dashboard.fields import Fields, sent_fields
from api.dashboard.listing import listing
from api.dashboard.refusal import Refusal, refusal
from api.dashboard.render import page
from api.dashboard.route import PageRoute
from api.dashboard.visitor import Keeper
from api.deps import ListPage, Paging, Post
from api.routes.secrets import forget_secret, list_secrets, store_secret
from api.schemas.secret import SecretRequest

router = APIRouter(prefix="/dashboard/secrets", route_class=PageRoute)

FIRST = Paging(None, 20)
EXAMPLE = {"name": "hosted-teacher", "value": "sk-..."}


@router.get("")
def show_secrets(caller: Keeper, curl: Curl, paging: ListPage) -> Response:
    """By name, with the moment each was stored."""
    return _page(caller, curl, paging)


@router.post("")
def keep_secret(caller: Keeper, curl: Curl, fields: Annotated[Fields, Depends(sent_fields)]) -> Response:
    """Seal it, and back to the list; one of the same name is replaced. No answer repeats the value."""
    body = {"name": fields.get("name").strip(), "value": fields.get("value")}
    try:
        store_secret(SecretRequest.model_validate(body), Post(caller, None, b"", sealed=False))
    except ValidationError as error:
        return _page(caller, curl, FIRST, body["name"], refusal(error, body, secret=True))
    return RedirectResponse("/dashboard/secrets", 303)


@router.post("/{name}/forget")
def forget(name: str, caller: Keeper) -> Response:
    """Forget a secret, and back to the list."""
    forget_secret(name, caller)
    return RedirectResponse("/dashboard/secrets", 303)


def _page(caller: Caller, curl: Commands, paging: Paging, name: str = "", said: Refusal | None = None) -> Response:
    listed = list_secrets(caller, paging)
    return page(
        "secrets.html",
        caller,
        status=said.status if said else 200,
        **listing(listed, paging),
        given=name,
        said=said,
        live=False,
        commands={
            "list": curl.get("/secrets"),
            "store": curl.post("/secrets", EXAMPLE),
            "forget": {row.id: curl.delete(f"/secrets/{row.id}") for row in listed.data},
        },
    )
