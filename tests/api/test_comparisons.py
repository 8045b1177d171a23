"""GET /runs/compare."""

import pytest
from starlette.testclient import TestClient

from core.database import transaction
from core.tables import Run
from tests.factories import ledger, sweeps


@pytest.fixture
def runs(client: TestClient) -> list[str]:
    """Three runs of one dataset by two methods, two of them judged."""
    with transaction() as session:
        dataset = ledger.made_dataset(session).id
        made = sweeps.sweep(session, dataset, {"method": ["rdpo", "dpo"], "training.seed": [0, 1]})
        ids = sweeps.run_ids(session, made.id)[:3]
        for id, values in zip(ids, ([1.0, 0.0, 3.0], [2.0, 0.0, 2.0]), strict=False):
            sweeps.trained(session, id, [(2, 0.5, 0.75, 1.0)])
            sweeps.judged(session, id, values)
        return ids


def test_runs_are_compared_by_what_differs_their_numbers_and_their_answers(client: TestClient, runs: list[str]) -> None:
    first, second, third = runs
    found = client.get("/runs/compare", params={"ids": ",".join(runs)}).json()
    assert found["differences"] == {
        "method.type": ["rdpo", "rdpo", "dpo"],
        "method.rdpo.sft_weight": [0.0, 0.0, None],
        "method.rdpo.beta": [0.1, 0.1, None],
        "method.rdpo.form": ["soft", "soft", None],
        "method.rdpo.tau": ["auto", "auto", None],
        "training.seed": [0, 1, 0],
        "method.dpo.sft_weight": [None, None, 0.0],
        "method.dpo.beta": [None, None, 0.1],
    }
    assert [row["id"] for row in found["runs"]] == runs
    assert [row["validation_loss"] for row in found["runs"]] == [0.5, 0.5, None]
    assert (found["best"], found["best_by"]) == (first, "tuned"), "both came to 4/3, and the first is the first"
    judged, waiting = found["evaluations"]
    assert (judged["run"], judged["against"], judged["scorer"]) == (second, first, f"classifier:{ledger.REWARD}")
    assert (judged["n"], judged["win"], judged["tie"], judged["loss"]) == (3, 1, 1, 1)
    assert judged["mean_run"] == judged["mean_against"] == pytest.approx(4 / 3)
    assert judged["difference"]["low"] < judged["difference"]["mean"] == 0.0 < judged["difference"]["high"]
    assert (waiting["run"], waiting["scorer"], waiting["n"], waiting["difference"]) == (third, None, 0, None)


def test_the_first_run_is_the_one_the_others_are_held_against(client: TestClient, runs: list[str]) -> None:
    with transaction() as session:
        sweeps.trained(session, runs[2])
        sweeps.judged(session, runs[2], [2.0, 1.0, 4.0])
    found = client.get("/runs/compare", params={"ids": f"{runs[2]},{runs[0]}"}).json()
    (one,) = found["evaluations"]
    assert (one["run"], one["against"], one["difference"]["mean"]) == (runs[0], runs[2], -1.0)
    assert (one["difference"]["low"], one["difference"]["high"]) == (-1.0, -1.0)
    assert found["best"] == runs[2]


def test_answers_are_compared_over_datasets_where_the_prompts_are_the_same(client: TestClient, runs: list[str]) -> None:
    with transaction() as session:
        other = sweeps.sweep(session, ledger.made_dataset(session, n_prompts=4).id, {"training.seed": [0]})
        (id,) = sweeps.run_ids(session, other.id)
        sweeps.trained(session, id)
        sweeps.judged(session, id, [0.0, 0.0, 3.0])
    (one,) = client.get("/runs/compare", params={"ids": f"{runs[0]},{id}"}).json()["evaluations"]
    assert (one["n"], one["win"], one["tie"], one["loss"]) == (3, 0, 2, 1)


@pytest.mark.parametrize(
    ("ids", "told"),
    [("", "named: 0"), ("run_a", "named: 1"), (",".join(f"run_{n}" for n in range(17)), "named: 17"),
     ("run_a,run_b,run_a", "twice")],
)  # fmt: skip
def test_two_to_sixteen_different_runs_are_compared(client: TestClient, ids: str, told: str) -> None:
    answer = client.get("/runs/compare", params={"ids": ids})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "ids")
    assert told in answer.json()["error"]["message"]
    assert client.get("/runs/compare").json()["error"]["param"] == "ids"


def test_a_run_of_another_project_is_not_compared(client: TestClient, runs: list[str]) -> None:
    with transaction() as session:
        session.get_one(Run, runs[1]).project_id = ledger.other_project(session)
    answer = client.get("/runs/compare", params={"ids": ",".join(runs)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert client.get("/runs/compare", params={"ids": f"{runs[0]},{runs[2]}"}).status_code == 200
