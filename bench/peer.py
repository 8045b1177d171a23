"""TRL's DPOTrainer on the same pairs, its step taken by step: its own loss, backward pass, clipping and optimizer.

Its loop is left out (callbacks, logging, the clock of progress), which is in its favour. `default` is TRL as it
comes: the reference computed online, activations recomputed. `best` has the reference computed beforehand and keeps
its activations; its micro-batch is the quickest. `same-head` is the best one with the head on answer tokens only,
which it has on a GPU already.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bench.ours import BETA, RATE
from bench.setting import Setting, wait

try:  # ours is measured without it too, where only torch, transformers and peft are
    from datasets import Dataset  # type: ignore[import-untyped]  # ships no types
    from trl.trainer import utils as trl_utils
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DPOTrainer
except ModuleNotFoundError:
    INSTALLED = False
else:
    INSTALLED = True

MICRO = (1, 2, 4, 8, 16, 32)  # pairs of a micro-batch that are tried


@dataclass(frozen=True)
class Peer:
    """A DPOTrainer. Its batches are taken from its own loader's data by number, so that both sides have the same."""

    trainer: Any  # half typed
    data: Any  # rows of token ids, as its loader has them
    collate: Any
    batch: int
    micro: int
    answers_only: bool = False

    def batches(self) -> int:
        """How many there are."""
        return len(self.data) // self.batch

    def inputs(self, number: int) -> Iterator[dict[str, torch.Tensor]]:
        """The micro-batches of a batch; behind the last one the first comes again."""
        start = number % self.batches() * self.batch
        for at in range(start, start + self.batch, self.micro):
            yield self.collate(self.data.__getitems__(list(range(at, min(at + self.micro, start + self.batch)))))

    def step(self, number: int) -> None:
        """Train on a batch."""
        self.backward(number)
        trainer = self.trainer
        trainer.accelerator.clip_grad_norm_(trainer.model.parameters(), trainer.args.max_grad_norm)
        trainer.optimizer.step()
        trainer.model.zero_grad()

    def backward(self, number: int) -> float:
        """Its training step for each micro-batch: gradients, and the mean loss."""
        cuts = list(self.inputs(number))
        self.trainer.current_gradient_accumulation_steps = len(cuts)
        with head_on_answers() if self.answers_only else nullcontext():
            return float(sum(self.trainer.training_step(self.trainer.model, cut) for cut in cuts))

    def log_probs(self, number: int) -> torch.Tensor:
        """Of the chosen answers, then of the rejected ones, as the model has them now: [2 * batch], nats."""
        with head_on_answers() if self.answers_only else nullcontext():
            trainer = self.trainer
            found = [trainer.compute_ref_log_probs(trainer.model, self.sent(cut)) for cut in self.inputs(number)]
        return torch.cat([torch.cat(parts) for parts in zip(*found, strict=True)])

    def sent(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """A micro-batch on the trainer's device."""
        found: dict[str, torch.Tensor] = self.trainer._prepare_inputs(inputs)
        return found


@contextmanager
def head_on_answers() -> Iterator[None]:
    """TRL's fused head on positions that predict an answer token; off a GPU it scores every one."""
    told: Any = trl_utils  # it does not say that it has this
    before = told._use_triton
    told._use_triton = lambda device: True
    try:
        yield
    finally:
        told._use_triton = before


def peer(setting: Setting, *, best: bool) -> Peer:
    """Load TRL's side. `best` has its reference when this returns. Raises SystemExit where TRL is not there."""
    if not INSTALLED:
        raise SystemExit("TRL is not installed; `pip install trl datasets`, or ask for ours alone.")
    on_gpu = setting.device.type == "cuda"
    differs: dict[str, Any] = {"precompute_ref_log_probs": True, "gradient_checkpointing": False} if best else {}
    asked = DPOConfig(
        output_dir=str(setting.folder / "trl"), beta=BETA, learning_rate=RATE, lr_scheduler_type="constant",
        per_device_train_batch_size=setting.batch, max_length=None, train_sampling_strategy="sequential",
        report_to=[], disable_tqdm=True, save_strategy="no",
        use_cpu=not on_gpu, bf16=on_gpu and setting.dtype != "float32",
        **differs,
    )  # fmt: skip
    trainer: Any = DPOTrainer(
        AutoModelForCausalLM.from_pretrained(setting.folder, dtype=torch.float32),
        args=asked,
        train_dataset=Dataset.from_list(setting.rows()),
        processing_class=AutoTokenizer.from_pretrained(setting.folder),
    )
    if asked.gradient_checkpointing:  # what its loop does first
        trainer.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=asked.gradient_checkpointing_kwargs)
    trainer.create_optimizer()
    loader = trainer.get_train_dataloader()
    return Peer(trainer, loader.dataset, loader.collate_fn, setting.batch, setting.batch)


def swept(peer: Peer) -> Peer:
    """The same with the micro-batch that is quickest on its first batches, of those that fit."""
    tried = [replace(peer, micro=micro) for micro in MICRO if micro <= peer.batch]
    return min(tried, key=_seconds)


def _seconds(peer: Peer) -> float:
    """Of some steps behind one that warms up; infinite where the memory does not hold them."""
    try:
        peer.step(0)
        wait(peer.trainer.args.device)
        begun = time.perf_counter()
        for number in range(3):
            peer.step(number)
        wait(peer.trainer.args.device)
    except torch.OutOfMemoryError:
        peer.trainer.model.zero_grad()
        return float("inf")
    return time.perf_counter() - begun
