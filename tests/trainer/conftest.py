"""A tiny student for the tests of the trainer."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.configs.run import TrainingConfig
from tests.factories.models import causal_model
from trainer import student
from trainer.encoded_pair import EncodedPair
from trainer.student import Student


@pytest.fixture(scope="session")
def student_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random Llama with a chat tokenizer."""
    return causal_model(tmp_path_factory.mktemp("models") / "student")


@pytest.fixture
def learner(student_folder: Path) -> Student:
    """The student, freshly loaded, in float32 on the CPU."""
    return student.load(student_folder, TrainingConfig(), torch.device("cpu"))


@pytest.fixture(scope="session")
def drawn_pairs() -> list[EncodedPair]:
    """Twelve pairs of random tokens and of very different lengths."""
    generator = np.random.default_rng(7)

    def ids(least: int, most: int) -> np.ndarray:
        return generator.integers(3, 250, generator.integers(least, most)).astype(np.int32)

    return [
        EncodedPair(
            f"pair_{i}", ids(3, 40), ids(2, 30), ids(2, 30), float(generator.normal()), float(generator.normal())
        )
        for i in range(12)
    ]
