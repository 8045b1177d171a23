"""QLoRA where it cannot be had, how weights are to be held, what adapters are merged into. The rest needs CUDA."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from core.configs.run import TrainingConfig
from core.database import transaction
from core.queries import runs
from tests.conftest import forget_settings
from tests.factories import trainer_process, trainings
from trainer import artifact, four_bits
from trainer.attempt import Attempt
from trainer.record import Record
from trainer.reference import fingerprint
from trainer.student import load, with_adapter
from trainer.world import World

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)
QLORA = {"training": {"mode": "qlora", "lora": {"rank": 4, "alpha": 8}}}


@pytest.fixture
def student(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny student under a model root."""
    monkeypatch.setenv("BURNISH_MODEL_ROOTS", json.dumps([str(tmp_path / "models")]))
    forget_settings()
    return trainings.student(tmp_path / "models")


@pytest.mark.parametrize(
    ("device", "installed", "size", "words"),
    [
        (CPU, True, 1, "needs a CUDA GPU, and this training runs on cpu"),
        (GPU, False, 1, "needs bitsandbytes, which is not installed where this training runs"),
        (GPU, True, 2, "trains in one process, and this training has 2"),
    ],
)
def test_what_is_missing_is_said_with_its_remedy(device: torch.device, installed: bool, size: int, words: str) -> None:
    lack = four_bits.lacking(World(0, size, device), installed=installed)
    assert lack is not None
    assert lack.startswith(words)


def test_nothing_is_missing_on_a_gpu_with_bitsandbytes() -> None:
    assert four_bits.lacking(World(0, 1, GPU), installed=True) is None


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_run_that_cannot_have_it_fails_before_any_work(dry_run: bool, student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(), dry_run=dry_run, **QLORA)
    assert trainer_process.train(trainings.claim(), student) == 6
    row = trainings.run_row(run_id)
    assert (row.state, row.step, row.facts) == ("failed", 0, {})
    assert row.error is not None
    assert row.error.startswith("Mode qlora needs a CUDA GPU")
    assert row.error.endswith(", or choose lora.")


def test_weights_are_held_as_doubly_quantised_normal_floats() -> None:
    told = four_bits.loading(TrainingConfig(mode="qlora"), torch.bfloat16, GPU)
    assert told["device_map"] == {"": GPU}
    config = told["quantization_config"]
    assert (config.load_in_4bit, config.bnb_4bit_quant_type, config.bnb_4bit_use_double_quant) == (True, "nf4", True)
    assert config.bnb_4bit_compute_dtype == torch.bfloat16
    assert four_bits.loading(TrainingConfig(mode="lora"), torch.bfloat16, GPU) == {}


def attempt_at(student: Path, **asked: object) -> Attempt:
    """A claimed run in this process."""
    run_id = trainings.ask(trainings.made_pairs(), **asked)
    claim = trainings.claim()
    with transaction() as session:
        return Attempt(runs.frozen(session, run_id), student, Record(claim), World(0, 1, CPU))


def test_adapters_are_merged_into_the_weights_as_published(student: Path) -> None:
    attempt = attempt_at(student, **QLORA)
    learner = with_adapter(load(student, four_bits.whole(attempt.config.training), CPU), attempt.config.training)
    torch.manual_seed(1)
    adapters = {}
    with torch.no_grad():
        for name, parameter in learner.trained():
            adapters[name] = parameter.normal_(std=0.1).clone()
        for name, parameter in learner.model.named_parameters():
            if name not in adapters:
                parameter.mul_(1.01)  # as quantised weights differ from the published ones
    artifact.publish(attempt, learner, step=1, data_hash="none")
    tuned, base = load_file(attempt.folder / "final" / "model.safetensors"), load_file(student / "model.safetensors")
    layer = "model.layers.0.self_attn.q_proj"
    low, high = (adapters[f"{layer}.lora_{side}.default.weight"] for side in "AB")
    assert torch.allclose(tuned[f"{layer}.weight"], base[f"{layer}.weight"] + high @ low * 8 / 4, atol=1e-5)
    assert torch.equal(tuned["model.embed_tokens.weight"], base["model.embed_tokens.weight"])
    kept = load_file(attempt.folder / "final" / "adapter" / "adapter_model.safetensors")
    assert torch.equal(kept[f"base_model.model.{layer}.lora_A.weight"], low)


def test_quantised_weights_are_another_reference(student: Path) -> None:
    plain, quantised = attempt_at(student), attempt_at(student, **QLORA)
    learner = load(student, plain.config.training, CPU)
    assert fingerprint(plain, learner) != fingerprint(quantised, learner)
