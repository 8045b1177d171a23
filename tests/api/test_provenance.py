"""A pair tells where it comes from."""

from starlette.testclient import TestClient

from core.database import transaction
from core.seeds import derive_seed
from tests.factories import ledger, scene


def test_a_pair_carries_its_turns_scores_and_everything_that_decided_them(client: TestClient) -> None:
    with transaction() as session:
        dataset = ledger.made_dataset(session)
        pair = ledger.pairs_of(session, dataset.id)[0]
    more = '[{"name": "critique.r1", "text": "c1", "finish": "stop", "tokens": 2, "hit": true}]'
    scene.change("UPDATE chain SET more = CAST(:more AS jsonb) WHERE id = :id", more=more, id=pair.chain_id)
    told = client.get(f"/pairs/{pair.id}").json()["provenance"]
    assert [turn["name"] for turn in told["turns"]] == ["draft", "critique.r1", "critique", "revision"]
    assert told["turns"][1]["seed"] == derive_seed(told["seed"], "critique.r1")
    assert told["turns"][0]["sampling"]["temperature"] == 0.7
    assert (told["model"], told["engine"]) == (ledger.TEACHER, "transformers")
    assert {(score["answer"], score["value"] is None) for score in told["scores"]} == {
        ("draft", False),
        ("revision", False),
    }
    assert {score["purpose"] for score in told["scores"]} == {"reward"}
    assert told["chosen_answer"] == "revision"
    assert told["context"] == client.get(f"/pairs/{pair.id}").json()["prompt"]
