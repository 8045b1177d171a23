"""Reference log-probs are shared by runs whose arithmetic gives the same numbers, and by no others."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.database import transaction
from core.tables import ReferenceLogProb
from tests.conftest import forget_settings
from tests.factories import trainer_process, trainings


@pytest.fixture
def student(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny student under a model root."""
    monkeypatch.setenv("BURNISH_MODEL_ROOTS", json.dumps([str(tmp_path / "models")]))
    forget_settings()
    return trainings.student(tmp_path / "models")


def kept(student: Path, dataset_id: str, modes: Sequence[str], dtype: str) -> int:
    """How many references the ledger has of the dataset's pairs after a run in each mode."""
    for mode in modes:
        trainings.ask(dataset_id, training={"mode": mode, "dtype": dtype, "epochs": 1})
        assert trainer_process.train(trainings.claim(), student) == 0
    with transaction() as session:
        return session.scalars(select(func.count(ReferenceLogProb.fingerprint.distinct()))).one()


@pytest.mark.parametrize(("dtype", "references"), [("float32", 1), ("bfloat16", 2)])
def test_both_modes_share_a_reference_where_they_hold_the_weights_in_one_type(
    dtype: str, references: int, student: Path
) -> None:
    assert kept(student, trainings.made_pairs(), ["full", "lora"], dtype) == references
