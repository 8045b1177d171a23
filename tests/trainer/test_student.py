"""How a student is loaded: what it is told to do with its activations, and what it refuses."""

from pathlib import Path

import pytest
import torch
from transformers import CTRLConfig, CTRLLMHeadModel

from core.configs.run import TrainingConfig
from core.errors import BadInput
from tests.factories.models import write_tokenizer
from trainer import student

RECOMPUTED = TrainingConfig(gradient_checkpointing=True)
CPU = torch.device("cpu")


def test_a_student_computes_its_activations_anew_where_it_is_asked_to(student_folder: Path) -> None:
    assert student.load(student_folder, RECOMPUTED, CPU).model.is_gradient_checkpointing
    assert not student.load(student_folder, TrainingConfig(), CPU).model.is_gradient_checkpointing


def test_an_architecture_that_cannot_is_refused_by_the_name_of_the_field(tmp_path: Path) -> None:
    length = write_tokenizer(tmp_path)
    CTRLLMHeadModel(CTRLConfig(vocab_size=length, n_embd=16, dff=16, n_layer=1, n_head=2)).save_pretrained(tmp_path)
    with pytest.raises(BadInput, match="does not support gradient checkpointing") as refused:
        student.load(tmp_path, RECOMPUTED, CPU)
    assert refused.value.param == "training.gradient_checkpointing"
