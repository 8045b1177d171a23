"""A teacher behind an endpoint, at the door."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.settings import reread
from tests.factories import ledger

HOSTED = {"engine": "openai", "model": "hosted", "base_url": "https://api.example.com/v1"}


def asked(client: TestClient, path: str = "/datasets", **teacher: Any) -> Any:
    """The answer to a dataset with this teacher."""
    return client.post(path, json={"behavior": "polite", "teacher": HOSTED | teacher})


def test_a_dataset_keeps_the_endpoint_as_it_was_asked_for(client: TestClient) -> None:
    client.post("/secrets", json={"name": "hosted", "value": "sk-something"})
    made = asked(client, secret="hosted")
    assert made.status_code == 202, made.text
    teacher = made.json()["config"]["teacher"]
    assert {name: teacher[name] for name in (*HOSTED, "secret")} == HOSTED | {"secret": "hosted"}


CLOSED = [
    "http://127.0.0.1:8001/v1", "http://127.1/v1", "http://2130706433/v1", "http://0x7f.1/v1", "http://0177.0.0.1/v1",
    "http://10.0.0.5/v1", "http://169.254.169.254/latest", "http://100.64.0.1", "http://0.0.0.0:80", "http://224.0.0.1",
    "http://[::1]:8001/v1", "http://[::ffff:127.0.0.1]/v1", "http://[fe80::1]/v1", "http://[fd00::1]/v1",
    "http://[64:ff9b::7f00:1]/v1", "http://[2002:7f00:1::]/v1", "https://user:pass@api.example.com/v1",
    "https://api.example.com@127.0.0.1/v1", "https://api.example.com\\@127.0.0.1/v1", "https://ｅxample.com/v1",
    "https://api.example.com:0/v1", "https://api.example.com:99999/v1", "https://[::1/v1", "https:///v1",
]  # fmt: skip
MALFORMED = ["ftp://api.example.com", "api.example.com/v1", "https://api.example.com/v1?key=1", "https://a b/v1", ""]


def test_an_address_that_may_not_be_asked_is_refused_by_field(client: TestClient) -> None:
    for url, status in (*((url, 400) for url in CLOSED), *((url, 422) for url in MALFORMED)):
        answer = asked(client, base_url=url)
        assert (answer.status_code, answer.json()["error"]["param"]) == (status, "teacher.base_url"), (url, answer.text)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:sk-hidden@api.example.com/v1", "https://api.example.com/v1?key=sk-hidden",
        "ftp://user:sk-hidden@api.example.com", "user:sk-hidden@api.example.com/v1",
    ],
)  # fmt: skip
def test_an_address_is_refused_without_repeating_what_may_be_secret_in_it(client: TestClient, url: str) -> None:
    answer = asked(client, base_url=url)
    assert answer.status_code in (400, 422)
    assert "api.example.com" in answer.text
    assert "sk-hidden" not in answer.text


def test_a_closed_address_is_open_when_the_operator_names_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_ALLOWED_ENDPOINTS", '["127.0.0.1:8001", "[::1]:8001"]')
    reread()
    assert asked(client, base_url="http://127.0.0.1:8001/v1").status_code == 202
    assert asked(client, base_url="http://[::1]:8001/v1").status_code == 202
    refused = asked(client, base_url="http://127.0.0.1:8002/v1")
    assert refused.status_code == 400
    assert '"127.0.0.1:8002" in BURNISH_ALLOWED_ENDPOINTS' in refused.json()["error"]["message"]


def test_a_secret_that_is_not_stored_is_refused_by_field(client: TestClient) -> None:
    for path, param in (("/datasets", "teacher.secret"), ("/estimates", "teacher.secret")):
        answer = asked(client, path, secret="absent")
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    body = {"dataset": {"behavior": "polite", "teacher": HOSTED | {"secret": "absent"}}}
    assert client.post("/distillations", json=body).json()["error"]["param"] == "dataset.teacher.secret"


def test_estimates_previews_and_budgets_know_an_endpoint(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(client, "/estimates").json()["usd"] is None
    unpriced = client.post("/datasets", json={"behavior": "polite", "teacher": HOSTED, "budget": {"usd": 1}})
    assert unpriced.json()["error"]["param"] == "budget.usd"
    monkeypatch.setenv("BURNISH_MODELS", '{"hosted": {"price_input": 1.0, "price_output": 4.0}}')
    reread()
    assert asked(client, "/estimates").json()["usd"]["high"] > 0
    assert asked(client, "/datasets/preview").json()["request_counts"]["total"] == 5
    priced = client.post("/datasets", json={"behavior": "polite", "teacher": HOSTED, "budget": {"usd": 1}})
    assert priced.status_code == 202


def test_prices_at_one_endpoint_are_no_prices_at_another(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_MODELS", '{"hosted@api.example.com": {"price_input": 1.0, "price_output": 4.0}}')
    reread()
    assert asked(client, "/estimates", base_url="https://API.example.com:443/v1").json()["usd"]["high"] > 0
    elsewhere = HOSTED | {"base_url": "https://api.example.com:8443/v1"}
    refused = client.post("/datasets", json={"behavior": "polite", "teacher": elsewhere, "budget": {"usd": 1}})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "budget.usd")


def test_an_endpoint_needs_its_address_and_others_take_none(client: TestClient) -> None:
    for teacher in ({"engine": "openai", "model": "hosted"}, {"model": ledger.TEACHER, "base_url": HOSTED["base_url"]}):
        answer = client.post("/datasets", json={"behavior": "polite", "teacher": teacher})
        assert (answer.status_code, answer.json()["error"]["param"]) == (422, "teacher")
