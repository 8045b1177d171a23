"""The gate before any speed: both trainers have the same log-probs, loss and gradient on the same batch, in float32."""

import sys
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from bench.ours import BETA, Ours
from bench.peer import Peer
from trainer.batches import MicroBatch
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.step import log_probs

NOISE = 0.02  # of the weights' own size: the policy leaves its reference, so that no loss is the log of 2
LIMITS = {"log-probs": 1e-4, "loss": 1e-5, "gradient": 1e-5}  # relative; absolute; 1 - cosine
LAST_PLACE = torch.finfo(torch.float32).eps
ROUGHER = 2.0  # how much further from float32 our way in bfloat16 may be than plain rows


def move(models: Iterable[nn.Module]) -> None:
    """Move the weights of each by the same noise, parameter by parameter."""
    for model in models:
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for parameter in model.parameters():
                noise = torch.randn(parameter.shape, generator=generator).to(parameter.device)
                parameter.add_(NOISE * parameter.std(correction=0) * noise)


def found_by_ours(ours: Ours, batches: Iterable[MicroBatch]) -> tuple[float, Tensor]:
    """Loss and gradient of a batch cut so; nothing is updated."""
    device = ours.stepper.world.device
    total = torch.zeros((), device=device)
    for batch in batches:
        moved = batch.to(device)
        loss = ours.stepper.objective(log_probs(ours.student, moved), moved)[0] / ours.batch
        loss.backward()
        total += loss.detach()
    return float(total), gradient(ours.student.model)


def found_by_peer(peer: Peer, number: int) -> tuple[float, Tensor]:
    """The same of TRL."""
    return peer.backward(number), gradient(peer.trainer.model)


def gradient(model: nn.Module) -> Tensor:
    """All gradients in one vector, float64, which are taken off the model."""
    found = torch.cat([p.grad.flatten().double() for p in model.parameters() if p.grad is not None])
    model.zero_grad()
    return found


def agree(ours: Ours, peer: Peer) -> dict[str, float]:
    """How far both are apart on the first batch. Raises SystemExit where that is more than rounding."""
    told = ours.refer(0)
    values = torch.tensor([told[pair.id] for pair in ours.cut(0)]).T.flatten()
    theirs = peer.log_probs(0).cpu()
    loss, vector = found_by_ours(ours, ours.cutting.batches(ours.cut(0), ours.reference))
    their_loss, their_vector = found_by_peer(peer, 0)
    apart = {
        "log-probs": float(((values - theirs).abs() / theirs.abs().clamp(min=1)).max()),
        "loss": abs(loss - their_loss),
        "gradient": 1 - float(cosine_similarity(vector, their_vector, dim=0)),
    }
    return accept(apart, values, "ours and TRL's")


def accept(apart: dict[str, float], log_probs: Tensor, whose: str) -> dict[str, float]:
    """The same. Raises SystemExit where it is more than rounding, or no number.

    A loss is made of four log-probs, and is not known better than beta times the last places of those: sums of a
    thousand nats, which long answers under random weights have, leave it no 1e-5.
    """
    limits = LIMITS | {"loss": max(LIMITS["loss"], 4 * BETA * LAST_PLACE * float(log_probs.abs().max()))}
    if not all(value <= limits[name] for name, value in apart.items()):
        raise SystemExit(f"The results are not the same, so no speed is told ({whose}): {apart}")
    return apart


def same_pairs(ours: Ours, peer: Peer) -> None:
    """Raises SystemExit unless each batch of both has the same tokens in the same order."""
    for number in range(ours.batches()):
        theirs = [pair for cut in peer.inputs(number) for pair in _pairs(cut)]
        if [_rows(pair) for pair in ours.cut(number)] != theirs:
            raise SystemExit(f"Batch {number} of both trainers does not hold the same pairs: no speed is told.")


def _rows(pair: EncodedPair) -> tuple[list[int], list[int]]:
    assert pair.rejected is not None
    prompt = pair.prompt.tolist()
    return prompt + pair.chosen.tolist(), prompt + pair.rejected.tolist()


def _pairs(cut: dict[str, Tensor]) -> Iterable[tuple[list[int], list[int]]]:
    """The rows of a rectangle, chosen ones first, as pairs without padding."""
    rows = [ids[seen.bool()].tolist() for ids, seen in zip(cut["input_ids"], cut["attention_mask"], strict=True)]
    return zip(rows[: len(rows) // 2], rows[len(rows) // 2 :], strict=True)


def agree_with_ours(ours: Ours, others: dict[str, list[MicroBatch]]) -> dict[str, dict[str, float]]:
    """How far the first batch, cut otherwise, is from the same as ours cuts it. Raises SystemExit like `agree`."""
    loss, vector = found_by_ours(ours, ours.cutting.batches(ours.cut(0), ours.reference))
    values, told = torch.tensor(list(ours.refer(0).values())), {}
    for name, batches in others.items():
        other, theirs = found_by_ours(ours, batches)
        apart = {"loss": abs(loss - other), "gradient": 1 - float(cosine_similarity(vector, theirs, dim=0))}
        told[name] = accept(apart, values, f"ours and ours without {name}")
    return told


def agree_when_rounded(exact: Ours, rounded: Ours) -> dict[str, float]:
    """How far the gradient in bfloat16 is from that in float32, cut as ours cuts it and as plain rows: 1 - cosine.

    Both are told where the student computes in bfloat16, else neither. Raises SystemExit where ours is further off by
    more than rounding.
    """
    if rounded.student.dtype != torch.bfloat16:
        return {}
    pairs, plain = exact.cut(0), Cutting(sys.maxsize, pad=rounded.cutting.pad)
    _, wanted = found_by_ours(exact, exact.cutting.batches(pairs, exact.reference))
    apart = {}
    for name, cutting in (("ours", rounded.cutting), ("rows", plain)):
        _, vector = found_by_ours(rounded, cutting.batches(pairs, exact.reference))
        apart[name] = 1 - float(cosine_similarity(vector, wanted, dim=0))
    if not apart["ours"] <= ROUGHER * apart["rows"] + LIMITS["gradient"]:
        raise SystemExit(f"In bfloat16 our gradient is further off than that of plain rows: {apart}")
    return apart
