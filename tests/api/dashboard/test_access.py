"""Keys and secrets: made, shown once or never, taken back."""

import re
from datetime import UTC, datetime, timedelta

from starlette.testclient import TestClient

from core.database import transaction
from core.queries import secrets
from core.tables import DEFAULT_PROJECT
from tests.api.conftest import Visitor
from tests.api.dashboard.conftest import send

KEY = re.compile(r'id="code-made">(bk_\w+)<')


def test_a_key_is_shown_once_opens_what_it_may_and_is_revoked(signed_in: TestClient, visitor: Visitor) -> None:
    once = re.search(r'name="once" value="(\w+)"', signed_in.get("/dashboard/keys").text)
    assert once is not None
    asked = {"once": once[1], "name": "lap<b>top", "scopes": ["read"], "expires": "2099-12-31"}
    made = send(signed_in, "/dashboard/keys", **asked)
    (key,) = KEY.findall(made.text)
    assert KEY.findall(send(signed_in, "/dashboard/keys", **asked).text) == [key], "the same form again is the same key"
    assert made.headers["cache-control"] == "no-store"
    page = signed_in.get("/dashboard/keys").text
    assert (key in page, "lap&lt;b&gt;top" in page, page.count("/revoke")) == (False, True, 2)
    headers = {"authorization": f"Bearer {key}"}
    assert visitor.client.get("/datasets", headers=headers).status_code == 200
    assert visitor.client.post("/datasets", json={"behavior": "polite"}, headers=headers).status_code == 403
    (newest, *_) = visitor.client.get("/keys").json()["data"]
    assert newest["expires_at"] == "2099-12-31T23:59:59Z"
    assert send(signed_in, f"/dashboard/keys/{newest['id']}/revoke").status_code == 303
    assert visitor.client.get("/datasets", headers=headers).status_code == 401
    assert send(signed_in, "/dashboard/keys/key_none/revoke").status_code == 404


def test_a_key_that_makes_no_sense_is_refused_beside_the_form(signed_in: TestClient, visitor: Visitor) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    for fields, status, told in (
        ({"scopes": ["read"], "expires": yesterday, "name": "late"}, 400, "has passed"),
        ({"name": "none"}, 422, "scopes"),
        ({"scopes": ["root"]}, 422, "scopes"),
    ):
        answer = send(signed_in, "/dashboard/keys", **fields)  # type: ignore[arg-type]
        assert answer.status_code == status
        assert told in answer.text
    assert len(visitor.client.get("/keys").json()["data"]) == 1


def test_a_secret_is_stored_replaced_and_forgotten_and_no_page_shows_it(signed_in: TestClient) -> None:
    for value in ("sk-first-canary", "sk-second-canary"):
        assert send(signed_in, "/dashboard/secrets", name="hosted", value=value).status_code == 303
    with transaction() as session:
        assert secrets.reveal(session, DEFAULT_PROJECT, "hosted") == "sk-second-canary"
    page = signed_in.get("/dashboard/secrets").text
    assert ("hosted" in page, "canary" in page) == (True, False)
    wrong = send(signed_in, "/dashboard/secrets", name="Not A Name", value="sk-third-canary")
    assert (wrong.status_code, "canary" in wrong.text, "name:" in wrong.text) == (422, False, True)
    long = send(signed_in, "/dashboard/secrets", name="long", value="canary" * 2_000)
    assert (long.status_code, "canary" in long.text) == (422, False)
    assert send(signed_in, "/dashboard/secrets/hosted/forget").status_code == 303
    assert "hosted</code>" not in signed_in.get("/dashboard/secrets").text
    assert send(signed_in, "/dashboard/secrets/hosted/forget").status_code == 404
