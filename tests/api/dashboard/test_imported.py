"""Pages of a dataset whose pairs came from a file and belong to no behavior."""

from starlette.testclient import TestClient

from tests.factories import exchange
from workers.lease import Beats


def test_pages_of_imported_pairs_are_shown_without_a_behavior(client: TestClient, signed_in: TestClient) -> None:
    with Beats() as beats:
        id = exchange.imported(client, beats, exchange.numbered(3, score_chosen=1, score_rejected=0))
    pair = client.get(f"/datasets/{id}/pairs").json()["data"][0]["id"]
    paths = ("/", "/dashboard/datasets", f"/dashboard/datasets/{id}", f"/dashboard/pairs/{pair}")
    for path in (*paths, f"/dashboard/datasets/{id}/review"):
        answer = signed_in.get(path)
        assert answer.status_code == 200, path
        assert "None" not in answer.text.replace("None yet", "").replace("None.", ""), path
        assert "mported" in answer.text, path
