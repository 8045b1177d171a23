"""Who is let in: no browser is needed to be refused."""

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from api.auth import Scope
from api.dashboard.login import inside
from api.dashboard.visitor import COOKIE, Visits
from api.deps import Open
from api.main import create_app, create_door
from core.database import transaction
from core.queries import api_keys, distillations
from core.tables import DEFAULT_PROJECT
from tests.api.conftest import ADDRESS, Visitor
from tests.api.dashboard.conftest import FORM, SAME
from tests.api.test_keys import calls
from tests.factories.showroom import distillation

PUBLIC = {"/static/{name}", "/dashboard/login", "/dashboard/logout"}
ADMIN = ("/dashboard/keys", "/dashboard/secrets")
PAGES = ("/", "/dashboard/distillations/new", "/dashboard/datasets", "/dashboard/runs/run_1")


def test_every_page_declares_the_scope_it_needs(world: object) -> None:
    pages = [route for route in create_app().routes if isinstance(route, APIRoute) and not route.include_in_schema]
    assert len(pages) > 20
    for route in pages:
        (scope,) = {call.scope for call in calls(route.dependant) if isinstance(call, Visits | Open)}
        if route.path in PUBLIC:
            assert scope == Scope.public
        elif route.path.startswith(ADMIN):
            assert scope == Scope.admin
        else:
            acts = route.methods != {"GET"} or route.path.endswith(("/new", "/import"))
            assert scope == (Scope.write if acts else Scope.read), route.path


def test_a_key_that_may_only_read_sees_pages_and_starts_nothing(visitor: Visitor) -> None:
    key = visitor.client.post("/keys", json={"scopes": ["read"]}).json()["key"]
    reader = TestClient(create_door(), base_url=ADDRESS, cookies={COOKIE: key}, follow_redirects=False)
    assert 'href="/dashboard/distillations/new"' not in reader.get("/").text
    assert reader.get("/dashboard/keys").status_code == 403
    assert reader.get("/dashboard/secrets").status_code == 403
    assert reader.get("/dashboard/distillations/new").status_code == 403
    assert reader.post("/dashboard/distillations", content="x=1", headers=FORM | SAME).status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_without_a_session_every_page_leads_to_the_sign_in_form(visitor: Visitor, path: str) -> None:
    stranger = TestClient(create_door(), base_url=ADDRESS, follow_redirects=False)
    answer = stranger.get(path)
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/dashboard/login")
    assert stranger.get(path, headers={"authorization": f"Bearer {visitor.key}"}).status_code == 303


def test_a_wrong_key_shows_the_form_again_and_sets_no_cookie(stranger: TestClient) -> None:
    answer = stranger.post("/dashboard/login", content="key=bk_wrong", headers=FORM | SAME)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "bk_wrong" not in answer.text


def test_a_revoked_key_ends_the_session_at_once(visitor: Visitor, signed_in: TestClient) -> None:
    assert signed_in.get("/").status_code == 200
    with transaction() as session:
        (key,) = api_keys.page(session, DEFAULT_PROJECT, after=None, limit=5)
        api_keys.revoke(session, DEFAULT_PROJECT, key.id)
    answer = signed_in.get("/")
    assert answer.status_code == 303
    assert f'{COOKIE}=""' in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "http://evil.example"},
        {"sec-fetch-site": "same-site", "origin": ADDRESS},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {},
    ],
)
def test_a_change_asked_for_by_another_site_is_refused(signed_in: TestClient, headers: dict[str, str]) -> None:
    with transaction() as session:
        row = distillation(session, n_prompts=12)
    changes = [
        f"/dashboard/distillations/{row.id}/cancel",
        f"/dashboard/datasets/{row.dataset_id}/cancel",
        f"/dashboard/datasets/{row.dataset_id}/filters",
        "/dashboard/pairs/pair_1/review",
        "/dashboard/distillations",
        "/dashboard/distillations/preview",
        "/dashboard/keys",
        "/dashboard/secrets",
        "/dashboard/cache/trim",
    ]
    for path in changes:
        assert signed_in.post(path, content="x=1", headers=FORM | headers).status_code == 403, path
    with transaction() as session:
        assert distillations.get(session, DEFAULT_PROJECT, row.id).state == "generating"
    assert signed_in.post(f"/dashboard/distillations/{row.id}/cancel", headers=SAME).status_code == 303
    with transaction() as session:
        assert distillations.get(session, DEFAULT_PROJECT, row.id).state == "cancelled"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/dashboard/runs", "/dashboard/runs"),
        ("//evil.example", "/"),
        ("https://evil.example/dashboard/", "/"),
        ("/dashboard/\\evil", "/"),
        ("/dashboard/x\r\nset-cookie: a=b", "/"),
    ],
)
def test_signing_in_leads_to_our_own_pages_only(path: str, place: str) -> None:
    assert inside(path) == place


def test_the_pairs_are_exported_with_the_session(signed_in: TestClient) -> None:
    with transaction() as session:
        row = distillation(session, n_prompts=12)
    answer = signed_in.get(f"/dashboard/datasets/{row.dataset_id}/export")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]


def test_static_files_are_named_one_by_one(stranger: TestClient) -> None:
    answer = stranger.get("/static/tokens.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert stranger.get("/static/tokens.css", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    for name in ("../visitor.py", "..%2fvisitor.py", "visitor.py", "%2e%2e", "nothing.css"):
        assert stranger.get(f"/static/{name}").status_code == 404
