"""How a student is loaded: what it is told to do with its activations, and what it refuses."""

from pathlib import Path

import pytest
import torch
from transformers import CTRLConfig, CTRLLMHeadModel

from core.configs.run import TrainingConfig
from core.errors import BadInput
from tests.factories.models import seeing_model, write_tokenizer
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


LINEAR = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"]
LINEAR += ["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]


@pytest.mark.parametrize(("targets", "expected"), [((), LINEAR), (("q_proj", "mlp.up_proj"), [LINEAR[0], LINEAR[5]])])
def test_adapters_are_on_linear_layers_of_the_text_models_blocks(
    targets: tuple[str, ...], expected: list[str], tmp_path: Path
) -> None:
    config = TrainingConfig.model_validate({"mode": "lora", "lora": {"targets": targets}})
    adapter = student.with_adapter(student.load(seeing_model(tmp_path), config, CPU), config)
    names = {name.split(".lora_")[0] for name, _ in adapter.trained()}
    assert names == {f"model.language_model.layers.0.{name}" for name in expected}


def test_a_target_that_is_not_there_is_named_beside_those_that_are(student_folder: Path) -> None:
    config = TrainingConfig.model_validate({"mode": "lora", "lora": {"targets": ["q_proj", "wq"]}})
    with pytest.raises(BadInput, match=r"no module 'wq'.*down_proj, gate_proj, k_proj") as refused:
        student.with_adapter(student.load(student_folder, config, CPU), config)
    assert refused.value.param == "training.lora.targets"


def test_a_full_training_trains_what_text_goes_through(tmp_path: Path) -> None:
    learner = student.load(seeing_model(tmp_path), TrainingConfig(), CPU)
    trained = {name for name, _ in learner.trained()}
    assert trained == {name for name, _ in learner.model.named_parameters() if "language_model" in name}
    assert len(trained) < len(list(learner.model.parameters()))
