"""Which pairs are trained on, which are left out and counted, and the scale of their scores."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from core.configs.run import RunConfig
from core.errors import BadInput
from core.queries.score_columns import Both, PairScores
from trainer.encoding import chat_encoder
from trainer.pairs import Intake, TrainingPairs, settle
from trainer.score_scale import member_scales, score_scale
from trainer.spool import spooled
from trainer.student import Student


@dataclass(frozen=True)
class Row:
    """A pair as the ledger gives it."""

    id: str = "pair_1"
    messages: tuple[dict[str, str], ...] = ({"role": "user", "content": "Name the capital of France."},)
    chosen: str = "It is Paris."
    rejected: str = "No."
    score_chosen: float | None = 1.0
    score_rejected: float | None = -1.0
    weight: float | None = None


def intake(learner: Student, **config: object) -> Intake:
    asked = RunConfig.model_validate({"dataset": "ds_1", **config})
    return Intake(chat_encoder(learner.tokenizer, learner.end_tokens), asked)


def settled(taking: Intake, rows: Iterable[Row], folder: Path) -> TrainingPairs:
    """What is trained on when these rows are offered."""
    return settle(taking, spooled(taking.take(rows, split="train"), folder), spooled([], folder))


def test_an_answer_that_would_be_cut_is_left_out_and_counted(learner: Student) -> None:
    taking = intake(learner, training={"max_length": 60})
    taken = list(taking.take([Row(), Row(chosen="It is Paris. " * 30)], split="train"))
    assert len(taken) == 1
    assert taking.counts == Counter(train_offered=2, train=1, train_too_long=1)


def test_a_pair_without_a_score_is_left_out_only_where_the_method_needs_scores(
    learner: Student, tmp_path: Path
) -> None:
    rows = [Row(), Row(score_rejected=None)]
    needs, needs_not = intake(learner, method="rdpo"), intake(learner, method="dpo")
    assert len(list(needs.take(rows, split="train"))) == 1
    assert len(list(needs_not.take(rows, split="train"))) == 2
    assert needs.counts["train_score_missing"] == needs_not.counts["train_score_missing"] == 1
    assert settled(needs, rows, tmp_path).missing_score_rate == 0.5


def test_nothing_left_to_train_on_is_refused_with_the_counts(learner: Student, tmp_path: Path) -> None:
    taking = intake(learner, training={"max_length": 8})
    with pytest.raises(BadInput, match="train_too_long: 1"):
        settled(taking, [Row()], tmp_path)


def test_an_anchor_has_no_rejected_answer(learner: Student, tmp_path: Path) -> None:
    taking = intake(learner, method="dpo")
    (anchor,) = taking.take([Row(rejected="It is Paris.")], split="train", anchors=True)
    assert anchor.rejected is None
    assert taking.counts == Counter(train_anchors=1)
    with pytest.raises(BadInput, match="No pair"):
        settle(taking, spooled([anchor], tmp_path), spooled([], tmp_path))


def test_the_data_hash_follows_every_column_and_the_order(learner: Student, tmp_path: Path) -> None:
    def digest(*rows: Row) -> str:
        taking = intake(learner)
        return settled(taking, rows, tmp_path).data_hash

    plain, other = Row(), Row(id="pair_2", chosen="Paris.")
    assert digest(plain, other) == digest(replace(plain, id="another"), other)
    changed = [replace(plain, **{column: value}) for column, value in
               {"chosen": "x", "rejected": "y", "score_chosen": 2.0, "score_rejected": 0.0}.items()]  # fmt: skip
    assert len({digest(row, other) for row in [plain, *changed]} | {digest(other, plain)}) == 6


def test_tau_auto_is_the_standard_deviation_of_the_score_differences(learner: Student) -> None:
    taking = intake(learner)
    pairs = list(taking.take([Row(score_chosen=s) for s in (0.0, 1.0, 5.0)], split="train"))  # differences 1, 2, 6
    assert score_scale(pairs) == pytest.approx(7**0.5)
    assert score_scale(pairs[:1]) == 1.0
    assert score_scale([pairs[0], pairs[0]]) == 1.0


def test_the_members_of_an_ensemble_have_a_scale_each(learner: Student) -> None:
    taking = intake(learner, method={"type": "reward_distillation", "reward_distillation": {"scorers": "all"}})
    given = [PairScores("pair_1", (Both(s, -1.0), Both(1.0, 3 * s), Both(0.0, 1.0)), ()) for s in (0.0, 1.0, 5.0)]
    pairs = list(taking.take([Row()] * 3, split="train", rewards=given))
    assert pairs[2].rewards == ((5.0, -1.0), (1.0, 15.0), (0.0, 1.0))
    assert member_scales(pairs) == pytest.approx([7**0.5, 3 * 7**0.5, 1.0])


def test_a_pair_that_one_member_of_an_ensemble_gave_no_score_is_left_out(learner: Student) -> None:
    taking = intake(learner, method={"type": "reward_distillation", "reward_distillation": {"scorers": "all"}})
    given = [PairScores("pair_1", (Both(1.0, 0.0), Both(value, 0.0)), ()) for value in (1.0, None)]
    assert len(list(taking.take([Row(score_chosen=None), Row()], split="train", rewards=given))) == 1
    assert taking.counts["train_score_missing"] == 1


def test_the_weight_of_a_pair_counts_where_it_is_asked_for(learner: Student) -> None:
    rows, found = [Row(weight=0.25), Row()], {}
    for asked in (False, True):
        taking = intake(learner, method="dpo", training={"pair_weights": asked})
        pairs = list(taking.take(rows, split="train"))
        found[asked] = [pair.weight for pair in pairs], taking.digest.hexdigest()
    assert (found[False][0], found[True][0]) == ([1.0, 1.0], [0.25, 1.0])
    assert found[False][1] != found[True][1]


def test_the_student_folder_is_what_it_says(student_folder: Path, learner: Student) -> None:
    assert learner.tokenizer.eos_token_id in learner.end_tokens
    assert (student_folder / "model.safetensors").is_file()
