"""Training from scratch on two cores: batches from an endless stream, AdamW, warm-up and a linear way down."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import torch
from torch.nn.functional import cross_entropy, logsigmoid
from transformers import LlamaForCausalLM, LlamaForSequenceClassification, PreTrainedModel

from tiny.corpus import Comparison, Example
from tiny.tokenizer import IDS, PAD

Row = TypeVar("Row", Example, Comparison)
REPORT = 20


@dataclass(frozen=True)
class Plan:
    """How long and how fast a model learns."""

    name: str
    steps: int
    batch: int
    rate: float
    warmup: int = 100


def pad(rows: list[list[int]], *, value: int = IDS[PAD]) -> torch.Tensor:
    """Rows of ids as one tensor, filled up on the right."""
    longest = max(map(len, rows))
    return torch.tensor([row + [value] * (longest - len(row)) for row in rows])


def language_loss(model: LlamaForCausalLM, rows: list[Example]) -> torch.Tensor:
    """Cross-entropy on the answers. Padding is on the right, so causal attention needs no mask."""
    ids = pad([row.ids for row in rows])
    answer = pad([list(map(int, row.answer)) for row in rows], value=0).bool()[:, 1:]
    hidden = model.model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
    return cross_entropy(model.lm_head(hidden[answer]), ids[:, 1:][answer])


def comparison_loss(model: LlamaForSequenceClassification, rows: list[Comparison]) -> torch.Tensor:
    """Bradley-Terry: the chosen answer's logit above the rejected one's."""
    texts = [row.chosen for row in rows] + [row.rejected for row in rows]
    ids = pad(texts)
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
    last = torch.tensor([len(text) - 1 for text in texts])
    chosen, rejected = model.score(hidden[torch.arange(len(texts)), last]).squeeze(-1).chunk(2)
    return -logsigmoid(chosen - rejected).mean()


def _optimizer(model: PreTrainedModel, plan: Plan) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
    matrices = [weight for weight in model.parameters() if weight.dim() > 1]
    vectors = [weight for weight in model.parameters() if weight.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=plan.rate, betas=(0.9, 0.98))

    def factor(step: int) -> float:
        return min((step + 1) / plan.warmup, max(plan.steps - step, 1) / (plan.steps - plan.warmup))

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, factor(step)))


def train(
    model: PreTrainedModel,
    stream: Iterator[Row],
    *,
    plan: Plan,
    loss: Callable[..., torch.Tensor],
) -> None:
    """Learn from the stream and print the loss and the time left."""
    model.train()
    optimizer, schedule = _optimizer(model, plan)
    began, total = time.monotonic(), 0.0
    for step in range(1, plan.steps + 1):
        value = loss(model, list(islice(stream, plan.batch)))
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        total += value.item()
        if step % REPORT == 0 or step == plan.steps:
            spent = time.monotonic() - began
            left, mean = spent / step * (plan.steps - step), total / (step % REPORT or REPORT)
            times = f"{spent:.0f} s, {left:.0f} s left"
            print(f"{plan.name}: step {step}/{plan.steps}, loss {mean:.4f}, {times}", flush=True)
            total = 0.0
    model.eval()
