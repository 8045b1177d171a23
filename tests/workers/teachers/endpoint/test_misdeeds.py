"""F12: whatever an endpoint does wrong once costs time alone; what was asked for is there in the end."""

import re
from collections import Counter
from itertools import count

import pytest

from tests.factories import scene
from tests.fakes.endpoint import Act, Asked, Endpoint, completion, says
from tests.workers.teachers.endpoint.hosted import CHAINS, ask, drain, until_completed, until_scored
from tests.workers.teachers.endpoint.misdeeds import PASSING
from workers.lease import Beats

pytestmark = pytest.mark.usefixtures("short_waits")


def test_every_misdeed_on_the_way_costs_time_alone_and_all_pairs_are_there_in_the_end(
    beats: Beats, endpoint: Endpoint
) -> None:
    """F12: each prompt's draft, critique or revision meets another fault before it is answered."""
    faults = dict(zip((f"question {number}" for number in count()), PASSING.items(), strict=False))
    met: Counter[str] = Counter()

    def script(asked: Asked) -> Act | None:
        name, act = faults.get(asked.prompt, ("", None))
        if act is None or met[name] or asked.number != len(name) % 3:
            return None
        met[name] += 1
        return act

    endpoint.script = script
    id = ask(endpoint, prompts=len(PASSING), samples_per_prompt=2)
    until_completed(beats, id, chains=2 * len(PASSING))
    rows = scene.rows(CHAINS, id=id)
    assert {(row.state, row.revision == f"revision of {row.prompt}") for row in rows} == {("done", True)}
    assert met == dict.fromkeys(PASSING, 1)
    assert len(endpoint.asked) <= 3 * len(rows) + 10 * len(PASSING)
    assert scene.number("SELECT count(*) FROM prompt WHERE quarantined_at IS NOT NULL") == 0
    until_scored(beats, id)
    assert scene.pairs(id) == 2 * len(PASSING)


def test_a_judge_that_meets_every_misdeed_scores_all_there_is(beats: Beats, endpoint: Endpoint) -> None:
    """F12 beside the teacher: the first question about each prompt meets another fault before it is answered."""
    faults, met, questions = list(PASSING.items()), Counter[str](), Counter[str]()

    def script(asked: Asked) -> Act | None:
        if asked.body["model"] != "judge":
            return None
        questions["all"] += 1
        found = re.search(r"question (\d+)", asked.prompt)
        assert found is not None, asked.prompt
        name, act = faults[int(found[1])]
        if met[name]:
            return says(completion("Score: 0.5"))
        met[name] += 1
        return act

    endpoint.script = script
    judge = {"kind": "judge", "engine": "openai", "model": "judge", "base_url": endpoint.url}
    id = ask(endpoint, prompts=len(PASSING), reward=judge)
    drain(beats)
    until_scored(beats, id)
    assert met == dict.fromkeys(PASSING, 1)
    assert questions["all"] <= 2 * len(PASSING) + 10 * len(PASSING)
    assert scene.number("SELECT count(*) FROM score WHERE value = 0.5") == 2 * len(PASSING)
    assert scene.number("SELECT count(*) FROM score") == 2 * len(PASSING)
    assert scene.pairs(id) == len(PASSING)
    assert scene.number("SELECT count(*) FROM shard WHERE state = 'quarantined'") == 0
