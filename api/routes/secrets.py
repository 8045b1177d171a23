"""Secrets: API keys of endpoints, stored sealed and never shown. Changing them needs the scope admin."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from sqlalchemy.orm import Session

from api import examples
from api.deps import Admin, AdminPost, ListPage
from api.once import Answer, answer_once
from api.schemas.page import Page, page_of
from api.schemas.secret import SecretObject, SecretRequest, show_secret
from core.database import transaction
from core.errors import NotFound
from core.queries import secrets

router = APIRouter(prefix="/secrets", tags=["secrets"])


@router.post("", status_code=201, response_model=SecretObject, summary="Store a secret")
def store_secret(body: Annotated[SecretRequest, Body(openapi_examples=examples.SECRET)], post: AdminPost) -> Response:
    """Sealed before it is written; one of the same name is replaced."""

    def work(session: Session) -> Answer:
        row = secrets.store(session, post.caller.project_id, body.name, body.value.get_secret_value())
        return Answer(201, show_secret(row), f"/secrets/{body.name}")

    return answer_once(post, work)


@router.get("", summary="List secrets")
def list_secrets(caller: Admin, paging: ListPage) -> Page[SecretObject]:
    """By name; values are never shown."""
    with transaction() as session:
        rows = secrets.page(session, caller.project_id, after=paging.after, limit=paging.limit + 1)
        return page_of(rows, paging, show_secret)


@router.get("/{name}", summary="Read when a secret was stored")
def read_secret(name: str, caller: Admin) -> SecretObject:
    """Its value is never shown."""
    with transaction() as session:
        row = secrets.find(session, caller.project_id, name)
        if row is None:
            raise NotFound("secret", name)
        return show_secret(row)


@router.delete("/{name}", summary="Forget a secret")
def forget_secret(name: str, caller: Admin) -> SecretObject:
    """Work that needs it fails until it is stored again."""
    with transaction() as session:
        row = secrets.find(session, caller.project_id, name)
        if row is None or not secrets.remove(session, caller.project_id, name):
            raise NotFound("secret", name)
        return show_secret(row)
