"""A student that caps its attention scores (Gemma 2) is trained with the cap, which torch's attention leaves out."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, Gemma2Config, Gemma2ForCausalLM

from core.configs.run import TrainingConfig
from tests.factories.families import SMALL
from tests.factories.models import write_tokenizer
from trainer import student
from trainer.batches import collate
from trainer.encoded_pair import EncodedPair
from trainer.logps import answer_log_probs
from trainer.sharing import share
from workers.teachers.device import loaded


@pytest.fixture(scope="module")
def capped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random Gemma 2 whose cap is low enough to matter."""
    folder = tmp_path_factory.mktemp("capped")
    size = max(int(SMALL["vocab_size"]), write_tokenizer(folder))
    torch.manual_seed(0)
    config = Gemma2Config(**SMALL | {"vocab_size": size}, attn_logit_softcapping=0.5, query_pre_attn_scalar=8)
    Gemma2ForCausalLM(config).save_pretrained(folder)
    return folder


@torch.no_grad()
def by_transformers(folder: Path, pairs: list[EncodedPair], attention: str) -> Tensor:
    """Log-probs of chosen answers, row by row from all logits."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention).eval()
    found = []
    for pair in pairs:
        ids = torch.tensor([[*pair.prompt, *pair.chosen]])
        log_probs = model(input_ids=ids).logits[0].log_softmax(-1)[len(pair.prompt) - 1 : -1]
        found.append(log_probs.gather(1, ids[0, len(pair.prompt) :, None]).sum())
    return torch.stack(found)


def test_a_student_that_caps_its_scores_is_trained_with_the_cap(capped: Path, drawn_pairs: list[EncodedPair]) -> None:
    expected = by_transformers(capped, drawn_pairs, "eager")
    assert (by_transformers(capped, drawn_pairs, "sdpa") - expected).abs().max() > 1e-2  # the cap matters
    learner = student.load(capped, TrainingConfig(), torch.device("cpu"))
    for _ in range(2):
        with torch.no_grad():
            found = answer_log_probs(learner.model.eval(), collate(drawn_pairs, pad=0))[: len(drawn_pairs)]
        assert ((found - expected) / expected).abs().max() <= 1e-5
        assert "softcap" in str(share(learner, longest=80))  # it does not share, and goes on as it did


def test_a_teacher_that_caps_its_scores_answers_with_the_cap(capped: Path) -> None:
    model = loaded(AutoModelForCausalLM, {"model": str(capped), "dtype": "float32"})
    assert model.config._attn_implementation == "eager"
