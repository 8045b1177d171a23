"""The answer to a request that moves a row: cancel, pause or resume it."""

from collections.abc import Callable
from typing import TypeVar

from fastapi import Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from api.deps import Post
from api.once import Answer, answer_once

Row = TypeVar("Row")


def answer_moved(
    post: Post,
    id: str,
    move: Callable[[Session, str, str], Row],
    show: Callable[[Session, Row], BaseModel],
    *,
    at: str | None = None,
) -> Response:
    """The row as it stands after the move; with 202 and its place `at` where the move takes its time."""

    def work(session: Session) -> Answer:
        row = move(session, post.caller.project_id, id)
        return Answer(200 if at is None else 202, show(session, row), at)

    return answer_once(post, work)
