"""What the operator says about a model at one endpoint comes before what is said about its name."""

import json

import pytest

from tests.conftest import forget_settings
from tests.factories import scene
from tests.fakes.endpoint import Endpoint
from tests.workers.teachers.endpoint.hosted import CHAINS, PROMPTS, ask, drain
from workers.lease import Beats

pytestmark = pytest.mark.usefixtures("short_waits")
USUAL = {"price_input": 1.0, "price_output": 10.0, "omit": ["temperature"]}
HERE = {"price_input": 2.0, "price_output": 10.0}


def test_prices_and_fields_are_those_of_the_endpoint_and_of_the_name_where_nothing_is_said_about_it(
    beats: Beats, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at, price, omitted in ((f"hosted@{endpoint.door}", 2, False), ("hosted@elsewhere.example", 1, True)):
        monkeypatch.setenv("BURNISH_MODELS", json.dumps({"hosted": USUAL, at: HERE}))
        forget_settings()
        endpoint.asked.clear()
        id = ask(endpoint, cache=False)
        drain(beats)
        each = (60 * price + 15 * 10) / 1e6
        assert [row.usd for row in scene.rows(CHAINS, id=id)] == pytest.approx([each] * PROMPTS)
        paid = scene.rows("SELECT sum(usd) AS usd FROM shard WHERE dataset_id = :id", id=id)
        assert paid[0].usd == pytest.approx(PROMPTS * each)
        assert {"temperature" not in asked.body for asked in endpoint.asked} == {omitted}
