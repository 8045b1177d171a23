"""Keys: made (and shown once), listed, revoked. All of it needs the scope admin."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body, Response
from sqlalchemy.orm import Session

from api import examples
from api.deps import Admin, ListPage, SealedAdminPost
from api.once import Answer, answer_once
from api.schemas.key import KeyObject, KeyRequest, NewKeyObject, show_key
from api.schemas.page import Page, page_of
from api.secret import hash_of, make_key
from core.database import transaction
from core.errors import BadInput, NotFound
from core.ids import new_id
from core.queries import api_keys
from core.tables import ApiKey

router = APIRouter(prefix="/keys", tags=["keys"])


@router.post("", status_code=201, response_model=NewKeyObject, summary="Make a key")
def create_key(body: Annotated[KeyRequest, Body(openapi_examples=examples.KEY)], post: SealedAdminPost) -> Response:
    """The answer shows the key's text; nothing else ever will."""
    if body.expires_at is not None and body.expires_at <= datetime.now(UTC):
        raise BadInput(
            f"expires_at is {body.expires_at.isoformat()}, which has passed; name a later one.", param="expires_at"
        )

    def work(session: Session) -> Answer:
        id = new_id("key")
        text = make_key(id)
        row = ApiKey(
            id=id,
            project_id=post.caller.project_id,
            name=body.name,
            hash=hash_of(text),
            scopes=list(dict.fromkeys(body.scopes)),
            expires_at=body.expires_at,
        )
        shown = show_key(api_keys.add(session, row))
        return Answer(201, NewKeyObject(**shown.model_dump(), key=text), f"/keys/{id}")

    return answer_once(post, work)


@router.get("", summary="List keys")
def list_keys(caller: Admin, paging: ListPage) -> Page[KeyObject]:
    """Newest first, revoked ones too."""
    with transaction() as session:
        rows = api_keys.page(session, caller.project_id, after=paging.after, limit=paging.limit + 1)
        return page_of(rows, paging, show_key)


@router.get("/{id}", summary="Read a key")
def read_key(id: str, caller: Admin) -> KeyObject:
    """What it may, until when."""
    with transaction() as session:
        row = api_keys.get(session, caller.project_id, id)
        if row is None:
            raise NotFound("key", id)
        return show_key(row)


@router.delete("/{id}", summary="Revoke a key")
def revoke_key(id: str, caller: Admin) -> KeyObject:
    """It opens nothing from now on. Revoking it again changes nothing."""
    with transaction() as session:
        row = api_keys.revoke(session, caller.project_id, id)
        if row is None:
            raise NotFound("key", id)
        return show_key(row)
