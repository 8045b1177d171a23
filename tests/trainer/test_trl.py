"""The same batch through TRL's DPOTrainer: log-probs, loss and gradients agree."""

from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer

from trainer.batches import collate
from trainer.encoded_pair import EncodedPair
from trainer.logps import answer_log_probs
from trainer.losses import conservative_dpo, dpo, hinge, ipo, robust_dpo, sft
from trainer.objective import Objective, pair_tensors
from trainer.pair_tensors import PairTensors

BETA = 0.1
Batch = dict[str, torch.Tensor]
Moved = tuple[Batch, PairTensors]
TEXTS = [("Name the capital of France.", "It is Paris.", "No."), ("Explain it.", "Here is what I can do.", "I cannot.")]


def chat(prompt: str, chosen: str, rejected: str) -> dict[str, list[dict[str, str]]]:
    return {
        "prompt": [{"role": "user", "content": prompt}],
        "chosen": [{"role": "assistant", "content": chosen}],
        "rejected": [{"role": "assistant", "content": rejected}],
    }


@pytest.fixture
def peer(student_folder: Path, tmp_path: Path) -> DPOTrainer:
    """TRL's trainer on two pairs, its policy moved away from its reference."""
    model = AutoModelForCausalLM.from_pretrained(student_folder, dtype=torch.float32)
    config = DPOConfig(
        output_dir=str(tmp_path), beta=BETA, per_device_train_batch_size=2, use_cpu=True, bf16=False, report_to=[],
        max_length=None, gradient_checkpointing=False, disable_tqdm=True, save_strategy="no",
    )  # fmt: skip
    trainer = DPOTrainer(
        model,
        args=config,
        train_dataset=Dataset.from_list([chat(*texts) for texts in TEXTS]),
        processing_class=AutoTokenizer.from_pretrained(student_folder),
    )
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in trainer.model.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape, generator=generator))
    return trainer


def as_pairs(batch: dict[str, torch.Tensor]) -> list[EncodedPair]:
    """The rows of TRL's batch, chosen first, as pairs."""
    rows = []
    for ids, seen, answer in zip(batch["input_ids"], batch["attention_mask"], batch["completion_mask"], strict=True):
        whole, start = ids[seen.bool()].numpy().astype(np.int32), int(answer.argmax())
        rows.append((whole[:start], whole[start:]))
    half = len(rows) // 2
    return [EncodedPair(str(i), rows[i][0], rows[i][1], rows[i + half][1], 0.0, 0.0) for i in range(half)]


@pytest.fixture
def moved(peer: DPOTrainer) -> Moved:
    """TRL's batch, and the columns of the same pairs."""
    batch = next(iter(peer.get_train_dataloader()))
    reference = torch.stack(peer.compute_ref_log_probs(peer.ref_model, batch))
    pairs = as_pairs(batch)
    known = {pair.id: (w, lo) for pair, w, lo in zip(pairs, *reference.tolist(), strict=True)}
    ours = collate(pairs, pad=0, reference=known)
    with torch.no_grad():
        return batch, pair_tensors(answer_log_probs(peer.model, ours), ours)


def told(peer: DPOTrainer, batch: Batch, kind: str, **options: float) -> float:
    """The loss that TRL calculates on its batch with another loss type."""
    peer.loss_types, peer.loss_weights = [kind], [1.0]
    for name, value in options.items():
        setattr(peer, name, value)
    with torch.no_grad():
        return float(peer.compute_loss(peer.model, batch))


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")  # TRL's own
def test_the_losses_that_trl_has_are_the_same_there(peer: DPOTrainer, moved: Moved) -> None:
    batch, pairs = moved
    same = pytest.approx
    assert dpo(pairs, beta=0.3).mean().item() == same(told(peer, batch, "sigmoid", beta=0.3), abs=1e-4)
    assert hinge(pairs, beta=0.3).mean().item() == same(told(peer, batch, "hinge"), abs=1e-4)
    assert ipo(pairs, beta=0.3).mean().item() == same(told(peer, batch, "ipo"), abs=1e-4)
    found = robust_dpo(pairs, beta=0.3, epsilon=0.2).mean().item()
    assert found == same(told(peer, batch, "robust", label_smoothing=0.2), abs=1e-4)
    # TRL takes the mean over the tokens of the batch, a run of ours over its answers
    by_tokens = (sft(pairs) * pairs.tokens_chosen).sum() / pairs.tokens_chosen.sum()
    assert by_tokens.item() == same(told(peer, batch, "sft"), abs=1e-4)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")  # TRL's own
def test_trl_drops_label_smoothing_silently_which_is_why_it_is_no_oracle_of_conservative_dpo(
    peer: DPOTrainer, moved: Moved
) -> None:
    batch, pairs = moved
    plain = told(peer, batch, "sigmoid", label_smoothing=0.2)
    assert plain == pytest.approx(dpo(pairs, beta=BETA).mean().item(), abs=1e-4)
    assert plain != pytest.approx(conservative_dpo(pairs, beta=BETA, epsilon=0.2).mean().item(), abs=1e-2)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")  # TRL's own
def test_dpo_agrees_with_trl_on_log_probs_loss_and_gradients(peer: DPOTrainer) -> None:
    batch = next(iter(peer.get_train_dataloader()))
    theirs = peer.compute_loss(peer.model, batch)
    theirs.backward()
    expected = torch.cat([p.grad.flatten() for p in peer.model.parameters() if p.grad is not None])
    reference = torch.stack(peer.compute_ref_log_probs(peer.ref_model, batch))
    told = torch.cat(peer.compute_ref_log_probs(peer.model, batch))
    peer.model.zero_grad()

    pairs = as_pairs(batch)
    known = {pair.id: (w, lo) for pair, w, lo in zip(pairs, *reference.tolist(), strict=True)}
    ours = collate(pairs, pad=0, reference=known)
    model = AutoModelForCausalLM.from_pretrained(peer.model.name_or_path, dtype=torch.float32)
    model.load_state_dict(peer.model.state_dict())
    log_probs = answer_log_probs(model, ours)
    total, _ = Objective(dpo, {"beta": BETA}, sft_weight=0.0)(log_probs, ours)
    loss = total / len(pairs)
    loss.backward()
    found = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])

    columns = pair_tensors(log_probs, ours)
    assert torch.allclose(log_probs, told, rtol=0, atol=1e-4)
    assert columns.log_ratio.abs().min().item() > 0.01
    assert loss.item() == pytest.approx(theirs.item(), abs=1e-5)
    assert torch.nn.functional.cosine_similarity(found, expected, dim=0).item() > 0.99999
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-5)
