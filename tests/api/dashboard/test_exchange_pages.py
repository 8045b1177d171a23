"""Files, imports and pushes on the pages, as a browser without scripts asks for them."""

import pytest
from httpx import Response
from sqlalchemy import update
from starlette.testclient import TestClient

from core.database import transaction
from core.queries import secrets
from core.settings import reread
from core.tables import DEFAULT_PROJECT, Push
from tests.api.dashboard.conftest import SAME, send
from tests.factories import exchange, ledger
from workers.lease import Beats

IMPORT = "/dashboard/datasets/import"


def upload(client: TestClient, content: bytes, purpose: str = "pairs", **headers: str) -> Response:
    """Send the form of the page of files."""
    fields = {"purpose": purpose, "format": "jsonl"}
    return client.post("/dashboard/files", data=fields, files={"file": ("a<b>.jsonl", content)}, headers=SAME | headers)


def uploaded(client: TestClient, content: bytes) -> str:
    """The id of a file of pairs."""
    return upload(client, content).headers["location"].rpartition("#")[2]


def test_a_file_is_uploaded_listed_and_deleted(signed_in: TestClient) -> None:
    made = upload(signed_in, exchange.numbered(3))
    id = made.headers["location"].rpartition("#")[2]
    assert (made.status_code, id.startswith("file-")) == (303, True)
    page = signed_in.get(made.headers["location"]).text
    assert (f'data-made="{id}"' in page, "a&lt;b&gt;.jsonl, 3 pairs" in page) == (True, True)
    exchange_id = send(signed_in, IMPORT, file=id).headers["location"].rpartition("/")[2]
    refused = send(signed_in, f"/dashboard/files/{id}/delete")
    assert (refused.status_code, exchange_id in refused.text) == (409, True)
    other = uploaded(signed_in, exchange.numbered(1))
    assert send(signed_in, f"/dashboard/files/{other}/delete").status_code == 303
    assert other not in signed_in.get("/dashboard/files").text


def test_a_faulty_file_is_refused_by_line_and_field_and_another_site_sends_none(signed_in: TestClient) -> None:
    bad = exchange.numbered(2) + b'{"prompt": "Why?", "chosen": "Because."}\n' + exchange.numbered(50_000)
    answer = upload(signed_in, bad)
    assert (answer.status_code, "Line 3: rejected" in answer.text) == (400, True)
    assert "None yet." in answer.text
    assert upload(signed_in, exchange.numbered(1), purpose="poems").status_code == 400
    assert upload(signed_in, exchange.numbered(1), **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert "None yet." in signed_in.get("/dashboard/files").text


def test_pairs_are_imported_with_the_scores_of_the_file_or_scored_anew(
    client: TestClient, signed_in: TestClient
) -> None:
    id = uploaded(signed_in, exchange.numbered(4, score_chosen=2, score_rejected=1))
    assert f'value="{id}" selected' in signed_in.get(f"{IMPORT}?file={id}").text
    anew = {"reward.0.kind": "rule", "reward.0.rule": "length", "reward.1.kind": "given", "filters.min_margin": "0.5"}
    with Beats() as beats:
        made = [send(signed_in, IMPORT, file=id, **fields) for fields in ({}, anew)]
        exchange.work_off(beats)
    ids = [answer.headers["location"].rpartition("/")[2] for answer in made]
    assert [answer.headers["location"] for answer in made] == [f"/dashboard/datasets/{one}" for one in ids]
    first, second = (client.get(f"/datasets/{one}").json() for one in ids)
    assert (first["status"], second["status"]) == ("completed", "completed")
    assert [one["kind"] for one in second["config"]["reward"]] == ["rule", "given"]
    assert second["config"]["filters"]["min_margin"] == 0.5
    assert "an uploaded file" in signed_in.get(made[0].headers["location"]).text


REFUSED = (
    ({}, "file"),
    ({"file": "file-1"}, "file"),
    ({"file": "ours", "behavior": "rude"}, "behavior"),
    ({"file": "ours", "reward.0.kind": "judge"}, "behavior"),
    ({"file": "ours", "reward.0.kind": "given", "reward.1.kind": "rule", "reward.1.rule": "x"}, "reward-1-rule"),
    ({"file": "ours", "filters.min_margin": "much"}, "filters-min_margin"),
)


def test_an_import_that_cannot_be_is_refused_beside_its_field(signed_in: TestClient) -> None:
    ours = uploaded(signed_in, exchange.numbered(1))
    for fields, field in REFUSED:
        file = ours if fields.get("file") == "ours" else fields.get("file", "")
        answer = send(signed_in, IMPORT, **(fields | {"file": file}))
        assert answer.status_code in (400, 422), fields
        assert f'id="{field}-flaw"' in answer.text, fields
        assert not file or f'value="{file}" selected' in answer.text, fields
    assert "imported pairs" not in signed_in.get("/dashboard/datasets").text


def test_a_row_is_added_to_the_import_without_a_script(signed_in: TestClient) -> None:
    page = send(signed_in, f"{IMPORT}/change", **{"reward.0.kind": "rule", "add": "scorer"}).text
    assert ('name="reward.1.kind"' in page, 'name="reward.2.kind"' in page) == (True, False)


def test_a_push_without_a_token_says_what_is_missing_and_with_one_its_state_is_shown(
    signed_in: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session).id
        waiting = ledger.dataset(session).id
    here = f"/dashboard/datasets/{id}"
    assert "No token for the hub is configured" in signed_in.get(here).text
    refused = send(signed_in, f"{here}/push", repo="me/pairs")
    assert (refused.status_code, "BURNISH_HUB_TOKEN" in refused.text) == (400, True)
    assert 'id="push-secret-flaw"' in refused.text
    assert 'id="push-repo-flaw"' in send(signed_in, f"{here}/push", repo="me", secret="hub").text
    assert send(signed_in, f"/dashboard/datasets/{waiting}/push", repo="me/pairs").status_code == 409
    assert "push-form" not in signed_in.get(f"/dashboard/datasets/{waiting}").text
    with transaction() as session:
        secrets.store(session, DEFAULT_PROJECT, "hub", "hf_canary")
    sent = send(signed_in, f"{here}/push", repo="me/pairs", private=["false"], secret="hub")
    assert (sent.status_code, sent.headers["location"]) == (303, f"{here}#push-title")
    page = signed_in.get(here).text
    assert ("me/pairs" in page, "public · parquet" in page, "data-following" in page) == (True, True, True)
    with transaction() as session:
        session.execute(update(Push).values(state="failed", error="The hub says <no>."))
    page = signed_in.get(here).text
    assert ("The hub says &lt;no&gt;." in page, "data-following" in page) == (True, False)
    monkeypatch.setenv("BURNISH_HUB_TOKEN", "hf_operator_canary")
    reread()
    page = signed_in.get(here).text
    assert ("No token for the hub" in page, "canary" in page) == (False, False)
