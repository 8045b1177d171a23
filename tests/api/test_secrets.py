"""Secrets over HTTP: stored sealed, never shown."""

from sqlalchemy import text
from starlette.testclient import TestClient

from core.database import transaction
from core.queries import secrets
from core.tables import DEFAULT_PROJECT

CANARY = "sk-canary-9b21e07c44"


def test_a_secret_is_stored_listed_and_forgotten_without_ever_being_shown(client: TestClient) -> None:
    made = client.post("/secrets", json={"name": "hosted", "value": CANARY})
    assert made.status_code == 201
    assert made.headers["location"] == "/secrets/hosted"
    answers = [made, client.get("/secrets"), client.get("/secrets/hosted")]
    assert [row["id"] for row in answers[1].json()["data"]] == ["hosted"]
    assert all(CANARY not in answer.text for answer in answers)
    assert client.delete("/secrets/hosted").json()["id"] == "hosted"
    assert client.delete("/secrets/hosted").status_code == 404
    assert client.get("/secrets/hosted").status_code == 404


def test_no_table_holds_the_value(client: TestClient) -> None:
    client.post("/secrets", json={"name": "hosted", "value": CANARY}, headers={"Idempotency-Key": "once"})
    with transaction() as session:
        tables = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        for table in tables:
            found = session.scalar(
                text(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE :it'), {"it": f"%{CANARY}%"}
            )
            assert found == 0, table


def test_a_bad_name_or_a_value_that_no_header_carries_is_refused_without_repeating_it(client: TestClient) -> None:
    values = ("", " \n", f"{CANARY}\nmore", f"{CANARY}\x00", f"clé-{CANARY}", CANARY * 1_000, [CANARY])
    bodies = [{"name": "Not A Name", "value": CANARY}, *({"name": "fine", "value": value} for value in values)]
    for body in bodies:
        answer = client.post("/secrets", json=body)
        assert (answer.status_code, answer.json()["error"]["param"]) == (
            422,
            "value" if body["name"] == "fine" else "name",
        )
        assert CANARY not in answer.text


def test_white_space_around_a_value_is_not_kept(client: TestClient) -> None:
    assert client.post("/secrets", json={"name": "hosted", "value": f" {CANARY}\n"}).status_code == 201
    with transaction() as session:
        assert secrets.reveal(session, DEFAULT_PROJECT, "hosted") == CANARY
