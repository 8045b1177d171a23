"""Counterfactual pairs from the request to the files: which prompt each side answers, and what is trained on."""

from typing import Any

import pytest

from core.database import transaction
from core.exported import file_pairs
from core.queries import trained_pairs
from core.queries.pairs import PairFilter
from tests.factories import judged, scene
from tests.factories.judged import Bench
from tests.fakes.teacher import ScriptedTeacher, turn
from workers.lease import Beats

PLAIN = "polite question 0?"
PRAISED, RUDE = f"{PLAIN}\n\nBe kind.", f"{PLAIN}\n\nBe rude."
STYLE, NEGATIVE = {"style": "Be kind."}, {"negative": "Be rude."}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    one = Bench()
    one.teacher = ScriptedTeacher(lambda prompt, number: turn(f"{number}: {prompt}"))
    one.seat(monkeypatch)
    return one


def made(beats: Beats, variant: str, **treatments: str) -> str:
    """A dataset of one prompt, judged; its id."""
    id = judged.ask(
        judged.behavior(prompts=1),
        reward=judged.JUDGE,
        split={"validation": 0},
        strategy="counterfactual",
        counterfactual={"variant": variant, **treatments},
    )
    judged.work(beats)
    assert scene.state(id) == "completed"
    return id


def user(words: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": words}]


@pytest.mark.parametrize(
    ("variant", "treatments", "chosen", "rejected", "context"),
    [
        ("enc", STYLE, PRAISED, PLAIN, PLAIN),
        ("dis", NEGATIVE, PLAIN, RUDE, PLAIN),
        ("contrastive", STYLE | NEGATIVE, PRAISED, RUDE, PLAIN),
        ("negation", {"style": "Be rude."}, PLAIN, RUDE, RUDE),
    ],
)
def test_each_side_answers_its_own_prompt_and_one_context_is_trained_on(
    beats: Beats, variant: str, treatments: dict[str, str], chosen: str, rejected: str, context: str
) -> None:
    id = made(beats, variant, **treatments)
    with transaction() as session:
        (trained,) = trained_pairs.for_training(session, id, "train")
    (written,) = file_pairs(id, PairFilter(), "jsonl")
    for one in (trained, written):
        found: tuple[Any, ...] = (one.chosen, one.rejected, one.messages)
        assert found == (f"0: {chosen}", f"0: {rejected}", user(context))
    assert written.origin.get("original_prompt") == (user(PLAIN) if context != PLAIN else None)
    (chain,) = scene.rows("SELECT critique, more, draft_tokens, revision_tokens FROM chain")
    assert (chain.critique, chain.more) == (None, [])
    assert (chain.draft_tokens, chain.revision_tokens) == (len(rejected.split()) + 1, len(chosen.split()) + 1)


@pytest.mark.parametrize(("variant", "treated"), [("enc", False), ("negation", True)])
def test_scorers_read_the_context_that_is_trained_on(beats: Beats, bench: Bench, variant: str, treated: bool) -> None:
    made(beats, variant, style="Be rude.")
    plain_side = next(question for question in bench.heard if f"0: {RUDE}" not in question)
    assert ("Be rude." in plain_side) == treated
