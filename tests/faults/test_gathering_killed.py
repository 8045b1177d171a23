"""F1 for sources: a worker that is killed while it reads one loses no prompt and doubles none.

Without the place that is counted in the transaction of the prompts (`sources.store`) these tests fail.
"""

import signal
from pathlib import Path

import pytest

from tests.core import invariants
from tests.factories import scene, sources
from tests.faults.crew import Crew, leases_run_out
from tests.faults.victim import SOURCE_POINTS

ROWS = 1_400


@pytest.mark.parametrize("point", ["between_insert_and_commit", "before_done"])
def test_a_worker_killed_while_its_teacher_writes_prompts_loses_and_doubles_nothing(point: str, crew: Crew) -> None:
    topics = [f"topic {number}" for number in range(8)]
    id = sources.ask({"kind": "topics", "topics": topics, "per_topic": 5, "near": 0.99})
    victim = crew.start("victim", "generate", "--die", point)
    assert victim.wait() == -signal.SIGKILL
    there = sources.words(id)
    assert bool(there) == (point == "before_done")  # the end of a topic's shard, or of the first chains
    leases_run_out()
    crew.hands()
    crew.until(scene.is_in(id, "completed"))
    assert sources.words(id) == [f"What is thing {n} of {topic}?" for topic in topics for n in range(1, 6)]
    assert sources.words(id)[: len(there)] == there
    assert (scene.chains(id), scene.pairs(id)) == (40, 40)
    invariants.hold()


@pytest.mark.parametrize("point", SOURCE_POINTS)
def test_a_worker_killed_while_it_reads_a_source_loses_and_doubles_nothing(
    point: str, crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = sources.data_root(tmp_path / "data-root", monkeypatch)
    sources.write(root / "prompts.parquet", [None if n % 9 == 0 else f"question {n}" for n in range(ROWS)])
    id = sources.ask({"kind": "parquet", "path": "prompts.parquet"})
    victim = crew.start("victim", "score", "--die", point)
    assert victim.wait() == -signal.SIGKILL
    assert len(sources.prompts(id)) == {"before_the_last_word": 1_244, "after_a_batch": 996}.get(point, 0)
    leases_run_out()
    crew.start("victim", "score")
    crew.start("sweep")
    crew.until(lambda: sources.shards(id, "gather")[0].state == "done")
    assert sources.words(id) == [f"question {n}" for n in range(ROWS) if n % 9]
    first = sources.prompts(id)[0].index
    assert [row.index for row in sources.prompts(id)] == list(range(first, first + 1_244))
    spans = [(row.first, row.last) for row in sources.shards(id, "generate")]
    assert [span[0] for span in spans] == [first, *(last + 1 for _, last in spans[:-1])]
    assert spans[-1][1] == first + 1_243
    assert scene.number("SELECT n_prompts FROM dataset WHERE id = :id", id=id) == 1_244
