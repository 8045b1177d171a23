"""Optimizer steps per second of our trainer over TRL's DPOTrainer. `make bench-trainer`.

Same weights, pairs, order, dtype, optimizer, batch and threads, on chats of three sets of lengths; start-up stands
apart. The peer is TRL at its defaults, which computes the reference online, and with a precomputed one (`best`); ours
is computed once beforehand, which is measured apart as `precompute-seconds`. The rungs are our trainer over itself
with one thing less: `share` (padded rows, each prompt twice) and `cache` (the reference at each step). Every row stands
there twice, by the clock and by CPU-seconds. No ratio is printed unless log-probs, loss and gradients agree.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset  # type: ignore[import-untyped]  # ships no types
from torch import Tensor, nn
from transformers import AutoModelForCausalLM
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer

from bench.lengths import lengths
from bench.ratio import alternate, summary
from bench.result import write
from core.configs.run import TrainingConfig
from core.settings import settings
from trainer import student
from trainer.batches import Reference
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.encoding import chat_encoder
from trainer.logps import answer_log_probs
from trainer.losses import dpo
from trainer.objective import Objective
from trainer.optimizer import adamw
from trainer.sharing import form, share
from trainer.step import Stepper
from trainer.student import Student
from trainer.world import World, take_threads

Pairs = list[tuple[float, float]]  # steps a second of ours and of the other, window by window
BETA, RATE, CPU = 0.1, 1e-5, torch.device("cpu")
WORDS = ("the", "sky", "is", "blue", "and", "water", "wet", "so", "please", "tell", "me", "what", "you", "think")


@dataclass(frozen=True)
class Sides:
    """Both trainers on the same pairs."""

    ours: Stepper
    peer: Any  # a DPOTrainer, half typed
    pairs: list[EncodedPair]
    reference: Reference
    cutting: Cutting
    batch: int


def texts(name: str, number: int) -> list[dict[str, Any]]:
    """Chats with the lengths of a set, their words drawn from a seed."""
    generator = torch.Generator().manual_seed(0)

    def turn(role: str, length: int) -> list[dict[str, str]]:
        words = " ".join(WORDS[int(i)] for i in torch.randint(len(WORDS), (length,), generator=generator))
        return [{"role": role, "content": words}]

    return [
        {"prompt": turn("user", p), "chosen": turn("assistant", w), "rejected": turn("assistant", lo)}
        for p, w, lo in lengths(name, number)
    ]


def encoded(learner: Student, rows: list[dict[str, Any]]) -> list[EncodedPair]:
    """The chats as our trainer reads them."""
    encoder, pairs = chat_encoder(learner.tokenizer, learner.end_tokens), []
    for number, row in enumerate(rows):
        prompt = encoder.prompt(row["prompt"])
        answers = [encoder.answer(row["prompt"], prompt, row[side][0]["content"])[0] for side in ("chosen", "rejected")]
        ids = [torch.tensor(part, dtype=torch.int32).numpy() for part in (prompt, *answers)]
        pairs.append(EncodedPair(str(number), ids[0], ids[1], ids[2], 0.0, 0.0))
    return pairs


def set_up(model: Path, rows: list[dict[str, Any]], *, batch: int, best: bool, folder: str) -> Sides:
    """Load both sides; neither shuffles."""
    config = TrainingConfig(learning_rate=RATE, schedule="constant", warmup_ratio=0.0)
    learner = student.load(model, config, CPU)
    world = World(rank=0, size=1, device=CPU)
    take_threads(world, parameters=learner.model.num_parameters(), told=None)
    goal = Objective(dpo, {"beta": BETA}, sft_weight=0.0)
    ours = Stepper(learner, adamw(learner.trained(), config), goal, world, config.max_grad_norm)
    asked = DPOConfig(
        output_dir=folder, beta=BETA, learning_rate=RATE, per_device_train_batch_size=batch, use_cpu=True, bf16=False,
        report_to=[], max_length=None, gradient_checkpointing=False, disable_tqdm=True, save_strategy="no",
        precompute_ref_log_probs=best,
    )  # fmt: skip
    peer = DPOTrainer(
        AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32),
        args=asked,
        train_dataset=Dataset.from_list(rows),
        processing_class=learner.tokenizer,
    )
    pairs = encoded(learner, rows)
    if refusal := share(learner, longest=max(pair.length for pair in pairs)):
        raise SystemExit(f"Prompts are not shared: {refusal}")
    cutting = Cutting(config.micro_batch_tokens, form=form(learner))
    return Sides(ours, peer, pairs, reference_of(learner, pairs, cutting), cutting, batch)


@torch.no_grad()
def reference_of(learner: Student, pairs: list[EncodedPair], cutting: Cutting) -> Reference:
    """Log-probs of the pairs before training."""
    found: Reference = {}
    for start in range(0, len(pairs), 32):
        cut = pairs[start : start + 32]
        values = answer_log_probs(learner.model, cutting.batch(cut)).reshape(2, -1).tolist()
        found |= {pair.id: (w, lo) for pair, w, lo in zip(cut, *values, strict=True)}
    return found


def gradients(model: nn.Module) -> Tensor:
    """All gradients in one vector."""
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def agree(sides: Sides) -> dict[str, float]:
    """How far both are apart on the first batch. Raises SystemExit where that is more than rounding."""
    cut = sides.pairs[: sides.batch]
    batch = sides.cutting.batch(cut, reference=sides.reference)
    inputs = sides.peer.data_collator([sides.peer.train_dataset[i] for i in range(sides.batch)])
    theirs = sides.peer.compute_loss(sides.peer.model, inputs)
    theirs.backward()
    with torch.no_grad():
        told = torch.cat(sides.peer.compute_ref_log_probs(sides.peer.model, inputs))
    model = sides.ours.student.model
    log_probs = answer_log_probs(model, batch)
    loss = sides.ours.objective(log_probs, batch)[0] / len(cut)
    loss.backward()
    cosine = nn.functional.cosine_similarity(gradients(model), gradients(sides.peer.model), dim=0).item()
    apart = {
        "log-probs": (log_probs - told).abs().max().item(),
        "loss": abs(loss.item() - theirs.item()),
        "gradient-cosine": cosine,
    }
    model.zero_grad()
    sides.peer.model.zero_grad()
    if apart["log-probs"] > 1e-4 or apart["loss"] > 1e-5 or cosine < 0.99999:
        raise SystemExit(f"The trainers do not agree, so no speed is told: {apart}")
    return apart


def ours(sides: Sides, steps: int, *, cutting: Cutting | None = None, cached: bool = True) -> Callable[[], int]:
    """Our trainer as a function that takes some steps and returns how many; on a rung another cut, or no cache."""
    starts = cycle(range(0, len(sides.pairs) - sides.batch + 1, sides.batch))
    used = cutting or sides.cutting

    def window() -> int:
        for _ in range(steps):
            start = next(starts)
            cut = sides.pairs[start : start + sides.batch]
            reference = sides.reference if cached else reference_of(sides.ours.student, cut, used)
            batches = used.batches(cut, reference)
            sides.ours.step(batches, examples=len(cut), seed=start).tolist()  # a logged step: numbers leave the device
        return steps

    return window


def theirs(sides: Sides, steps: int) -> Callable[[], int]:
    """TRL in the same way."""
    peer_steps = _peer_steps(sides)

    def window() -> int:
        for _ in range(steps):
            next(peer_steps)
        return steps

    return window


def _peer_steps(sides: Sides) -> Iterator[None]:
    """TRL's own training step and optimizer, without the loop's start-up."""
    peer = sides.peer
    peer.create_optimizer()
    peer.current_gradient_accumulation_steps = 1  # what its loop sets before the first step
    for inputs in cycle(peer.get_train_dataloader()):
        peer.training_step(peer.model, inputs, sides.batch)
        nn.utils.clip_grad_norm_(peer.model.parameters(), 1.0)
        peer.optimizer.step()
        peer.optimizer.zero_grad()
        yield


@dataclass
class Window:
    """Some steps of a side: called, it returns how many a second; how many a CPU-second it keeps."""

    work: Callable[[], int]
    by_cpu: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """One window."""
        begun, spent = time.perf_counter(), time.process_time()
        steps = self.work()
        self.by_cpu.append(steps / (time.process_time() - spent))
        return steps / (time.perf_counter() - begun)


def measured(sides: Sides, options: argparse.Namespace, against: dict[str, Callable[[], int]]) -> dict[str, Pairs]:
    """Paired steps a second of ours and of each other side, and the same by CPU-seconds."""
    found: dict[str, Pairs] = {}
    for name, other in against.items():
        first, second = Window(ours(sides, options.steps)), Window(other)
        first.work(), second.work()
        found[name] = alternate(first, second, rounds=options.rounds)
        found[f"{name}/cpu-seconds"] = list(zip(first.by_cpu, second.by_cpu, strict=True))
    return found


def of_set(model: Path, name: str, options: argparse.Namespace) -> tuple[dict[str, Pairs], dict[str, Any]]:
    """Everything about one set of lengths: the paired rates, and what was checked."""
    rows = texts(name, 20 * options.batch)
    found: dict[str, Pairs] = {}
    for peer in ("default", "best"):
        with tempfile.TemporaryDirectory() as folder:
            sides = set_up(model, rows, batch=options.batch, best=peer == "best", folder=folder)
        told: dict[str, Any] = {"apart": agree(sides)}
        against = {f"cpu/{peer}/{name}": theirs(sides, options.steps)}
        if peer == "best":
            against |= {
                f"cpu/rung/share/{name}": ours(sides, options.steps, cutting=Cutting(sys.maxsize)),
                f"cpu/rung/cache/{name}": ours(sides, options.steps, cached=False),
                f"cpu/same/{name}": ours(sides, options.steps),
            }
        found |= measured(sides, options, against)
    begun = time.perf_counter()
    reference_of(sides.ours.student, sides.pairs, sides.cutting)
    told["precompute-seconds"] = time.perf_counter() - begun
    told["tokens"] = {"once": sum(p.once for p in sides.pairs), "twice": sum(p.tokens for p in sides.pairs)}
    return found, told


def main() -> None:
    """Gate, warm up, alternate, print the ratio with its interval, write the raw rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="tiny-student")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=4, help="steps in one window")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--lengths", nargs="+", default=["short", "real", "long"], choices=["short", "real", "long"])
    options = parser.parse_args()
    model = next(root / options.model for root in settings().model_roots if (root / options.model).is_dir())
    pairs: dict[str, Pairs] = {}
    told: dict[str, Any] = {}
    for name in options.lengths:
        found, told[name] = of_set(model, name, options)
        pairs |= found
    rows = [{"row": name, "ours": a, "other": b} for name, rates in pairs.items() for a, b in rates]
    figures = {name: summary(rates) for name, rates in pairs.items()}
    write("trainer", settings=vars(options) | {"threads": torch.get_num_threads(), **told}, rows=rows, summary=figures)


if __name__ == "__main__":
    main()
