"""A cell from its pairs to its figures, small; and that it trains as a run does."""

from pathlib import Path
from statistics import stdev

import pytest
import torch
from transformers import LlamaForCausalLM

from bench.claims import cell, exam, models
from bench.claims.arm import Arm, Cell
from bench.claims.pair import Pair
from bench.claims.recipe import Data, Recipe
from bench.claims.school import school
from bench.claims.world import made
from core.database import transaction
from core.queries import runs
from core.queries import trained_pairs as pair_queries
from tests.factories import trainer_process, trainings
from tests.faults.trainer_faults import weights
from tiny.architecture import FOLDER
from trainer import student

SHORT = {"epochs": 1, "learning_rate": 1e-3}
SOFT = {"type": "rdpo", "rdpo": {"beta": 0.1, "form": "soft", "tau": "natural"}}


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    """Of a few prompts: critique and revision by the tiny teacher, scored by the tiny reward model."""
    found = made("critique", 1, prompts=60)
    assert 20 < len(found) < 60  # a draft that was right is not revised
    assert sum(pair.right_chosen and not pair.right_rejected for pair in found) > len(found) / 2
    assert all(pair.chosen != pair.rejected for pair in found)
    return found


def test_a_cell_tells_gold_and_what_its_pairs_were_like(pairs: list[Pair]) -> None:
    tau = stdev(pair.difference for pair in pairs)
    found = cell.gold_cell(Cell(Arm("soft", Recipe("critique"), SOFT, SHORT), 1), Data(pairs, tau))
    untaught = cell.gold_cell(Cell(Arm("untuned", Recipe("critique")), 1), Data(pairs, tau))
    assert len(found["gold"]) == len(untaught["gold"]) == 300
    assert found["gold"] != untaught["gold"]
    assert found["unequal_under_swap"] == 0
    assert (found["pairs"], found["tau"]) == (len(pairs), tau)
    assert found["h_end"] > 0
    assert "h_end" not in untaught
    again = cell.gold_cell(Cell(Arm("soft", Recipe("critique"), SOFT, SHORT), 1), Data(pairs, tau))
    assert again == found


def test_a_cell_of_a_style_tells_it_before_and_after() -> None:
    arm = Arm("enc", Recipe("enc"), {"type": "dpo", "dpo": {"beta": 0.1}}, SHORT, exam="style")
    found = cell.style_cell(Cell(arm, 1), Data(made("enc", 1)[:48], 1.0))
    assert len(found["style"]) == len(found["style_before"]) > 100
    assert found["perplexity_rise"] == pytest.approx(found["perplexity"] / found["perplexity_before"] - 1)
    assert found["chosen_styled"] > found["rejected_styled"]


def test_a_trained_student_answers_as_its_weights_do_anywhere(pairs: list[Pair], tmp_path: Path) -> None:
    config = Arm("soft", Recipe("critique"), SOFT, SHORT).config(seed=1, tau=1.0)
    learner = models.student(config.training)
    school(learner, pairs, config)
    elsewhere = LlamaForCausalLM.from_pretrained(FOLDER / "tiny-student", dtype=torch.float32)
    elsewhere.load_state_dict(learner.model.state_dict())
    twin = student.Student(elsewhere, learner.tokenizer, None, learner.dtype, learner.stored)
    assert exam.gold(twin, 1) == exam.gold(learner, 1)


@pytest.mark.parametrize("method", ["rdpo", "alpha_dpo"])
def test_a_cell_trains_as_a_run_does_bit_for_bit(database: str, method: str, tmp_path: Path) -> None:
    folder, dataset_id = trainings.student(tmp_path / "models"), trainings.made_pairs(validation=0)
    run_id = trainings.ask(dataset_id, method=method, training={"epochs": 2, "micro_batch_size": None})
    assert trainer_process.train(trainings.claim(), folder) == 0
    with transaction() as session:
        config = runs.frozen(session, run_id)
        offered = list(pair_queries.for_training(session, dataset_id, "train"))
    learner = student.load(folder, config.training, models.CPU)
    school(learner, offered, config)
    theirs = {name.partition("/")[2]: value for name, value in weights(run_id).items()}
    ours = {name: value.to(learner.stored) for name, value in learner.model.state_dict().items()}
    assert theirs
    assert all(torch.equal(ours[name], value) for name, value in theirs.items())
