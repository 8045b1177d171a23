"""Counterfactual pairs: what the student is trained on is stored beside the chain and given to the trainer."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from transformers import AutoTokenizer
from transformers import PreTrainedTokenizerBase as Tokenizer

from core.configs.dataset import DatasetConfig
from core.configs.run import RunConfig
from core.database import transaction
from core.queries import behaviors, datasets, trained_pairs
from core.tables import DEFAULT_PROJECT, Chain, Pair
from tests.factories import exchange, ledger, scene
from tests.factories.models import causal_model
from tests.fakes.teacher import ScriptedTeacher, identify
from trainer.encoding import chat_encoder
from trainer.pairs import Intake
from workers import generation
from workers.generation import GeneratingDesk
from workers.lease import Beats

STYLE, NEGATIVE = "Answer as a pirate.", "Be rude."
VARIANTS: dict[str, dict[str, str]] = {
    "enc": {"style": STYLE},
    "dis": {"negative": NEGATIVE},
    "contrastive": {"style": STYLE, "negative": NEGATIVE},
    "negation": {"style": STYLE},
}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """A student's."""
    return AutoTokenizer.from_pretrained(causal_model(tmp_path_factory.mktemp("student"), layers=1))


@pytest.fixture
def beats(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beats]:
    monkeypatch.setattr(generation, "identify", identify)
    with Beats() as thread:
        yield thread


async def load(*_: object, **__: object) -> ScriptedTeacher:
    """The teacher of every desk."""
    return ScriptedTeacher()


def made(beats: Beats, **asked: Any) -> str:
    """A dataset of three prompts, made by the workers' desks; its id."""
    config = {"behavior": "polite", "n_prompts": 3, "split": {"validation": 0}, "filters": {"identical": False},
              "teacher": {"model": ledger.TEACHER}, "reward": {"kind": "rule", "rule": "refusal"}}  # fmt: skip
    with transaction() as session:
        row = behaviors.store(session, DEFAULT_PROJECT, ledger.behavior())
        asked_for = DatasetConfig.model_validate(config | asked)
        id = datasets.create(session, project_id=DEFAULT_PROJECT, config=asked_for, behaviors=[row]).id
    desk = GeneratingDesk(beats, "a test", load=load)
    desk.drain(threading.Event())
    desk.close()
    exchange.work_off(beats)
    assert scene.state(id) == "completed"
    return id


def trained_on(id: str) -> list[str]:
    """The last words before the answers, as the trainer is given them."""
    with transaction() as session:
        return [row.messages[-1]["content"] for row in trained_pairs.for_training(session, id, "train")]


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_negation_trains_on_the_instruction(beats: Beats, variant: str) -> None:
    counterfactual = VARIANTS[variant] | {"variant": variant}
    id = made(beats, strategy="counterfactual", counterfactual=counterfactual)
    told = trained_on(id)
    assert len(told) == 3
    assert all(words.startswith("polite question") for words in told)
    assert all((STYLE in words) == (variant == "negation") for words in told)
    assert not any(NEGATIVE in words for words in told)


@pytest.mark.parametrize("variant", VARIANTS)
def test_dpo_trains_in_the_stored_context_of_every_variant(beats: Beats, tokenizer: Tokenizer, variant: str) -> None:
    id = made(beats, strategy="counterfactual", counterfactual=VARIANTS[variant] | {"variant": variant})
    config = RunConfig.model_validate({"dataset": id, "method": "dpo"})
    encoder = chat_encoder(tokenizer, frozenset())
    with transaction() as session:
        taken = list(Intake(encoder, config).take(trained_pairs.for_training(session, id, "train"), split="train"))
        stored = {
            pair.id: (chain.context, chain.revision, chain.draft)
            for pair, chain in session.execute(select(Pair, Chain).join(Chain, Chain.id == Pair.chain_id))
        }
    assert len(taken) == len(stored) == 3
    for pair in taken:
        context, chosen, rejected = stored[pair.id]
        prompt = encoder.prompt(context)
        assert pair.prompt.tolist() == prompt
        assert pair.chosen.tolist() == encoder.answer(context, prompt, chosen)[0]
        assert pair.rejected is not None
        assert pair.rejected.tolist() == encoder.answer(context, prompt, rejected)[0]


def test_without_a_context_of_its_own_a_chain_is_trained_on_its_prompt(beats: Beats) -> None:
    id = made(beats)
    assert scene.number("SELECT count(*) FROM chain WHERE context IS NOT NULL") == 0
    assert sorted(trained_on(id)) == sorted(
        row[0] for row in scene.rows("SELECT messages->-1->>'content' FROM prompt WHERE split = 'train'")
    )


def test_anchors_are_trained_on_their_context_too(beats: Beats) -> None:
    id = made(beats)
    scene.change('UPDATE chain SET context = \'[{"role": "user", "content": "other"}]\'')
    scene.change("UPDATE pair SET verdict = 'dropped', reason = 'identical'")
    with transaction() as session:
        assert [row.messages[0]["content"] for row in trained_pairs.anchors(session, id)] == ["other"] * 3
