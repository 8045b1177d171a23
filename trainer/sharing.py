"""Whether a student can forward each prompt once: asked of its config, and proven by a probe on its own weights."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from trainer.attention import NAME
from trainer.batches import Form, MicroBatch, collate
from trainer.encoded_pair import EncodedPair
from trainer.packing import pack
from trainer.step import log_probs
from trainer.student import Student

FULL, SLIDING = "full_attention", "sliding_attention"
PROBED = 256  # tokens of the probe's longest row at most: it costs less than a step
SHORTEST = 8
APART = {torch.float32: 1e-4, torch.bfloat16: 2e-2}  # relative difference of a token's log-prob that is rounding


def share(student: Student, *, longest: int) -> str | None:
    """Make the student share prompts in rows of up to `longest` tokens. None, or the reason why it cannot.

    Where it cannot its attention is left as it was, and pairs go through it as plain rows.
    """
    if reason := _by_config(student, longest):
        return reason
    before = student.model.config._attn_implementation
    pairs = drawn(int(student.model.config.get_text_config().vocab_size), max(SHORTEST, min(longest, PROBED)))
    plain = _log_probs(student, collate(pairs, pad=student.pad))
    student.model.set_attn_implementation(NAME)
    if reason := _by_probe(student, pairs, plain):
        student.model.set_attn_implementation(before)
    return reason


def form(student: Student) -> Form:
    """How a student that shares prompts lays them out: variable-length attention needs a GPU and half precision."""
    return "runs" if student.model.device.type == "cuda" and student.dtype == torch.bfloat16 else "pieces"


def _by_config(student: Student, longest: int) -> str | None:
    config = student.model.config.get_text_config()
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    kinds = set(getattr(config, "layer_types", None) or [SLIDING if window else FULL])
    if other := sorted(kinds - {FULL, SLIDING}):
        return f"it has layers of another kind than attention to all tokens: {', '.join(other)}"
    if SLIDING in kinds and window is not None and window < longest:
        return f"its sliding window of {window} tokens is shorter than the longest row of {longest}"
    if chunk := getattr(config, "attention_chunk_size", None):
        return f"it attends within chunks of {chunk} tokens"
    if dropout := getattr(config, "attention_dropout", 0.0):
        return f"it drops attention weights ({dropout:g})"
    return None


def _by_probe(student: Student, pairs: Sequence[EncodedPair], plain: Tensor) -> str | None:
    """The same pairs with shared prompts; a student that does not know what it is told of them raises, or differs."""
    if student.model.config._attn_implementation != NAME:
        return "its attention cannot be exchanged"
    batch = pack(pairs, form=form(student))
    assert batch.layout is not None
    try:
        found = _log_probs(student, batch)
    except (TypeError, ValueError, RuntimeError) as error:
        return f"its attention cannot be exchanged: {error}"
    layers = int(student.model.config.get_text_config().num_hidden_layers)
    if (deaf := layers - len(batch.layout.met)) > 0:
        return f"{deaf} of its {layers} layers are not told which tokens go together"
    differ = apart(found, plain, batch.answer_tokens.to(found.device))
    if not differ <= APART[student.dtype]:  # also where it is no number
        return f"log-probs with shared prompts differ from plain ones by {differ:.1e} of a token's size"
    return None


def apart(found: Tensor, plain: Tensor, tokens: Tensor) -> float:
    """How far log-probs of answers [R] of so many tokens are apart at most, in the size of a single token's.

    What rounding does to n tokens adds up as the root of n: a bound on one token's is as strict for long answers.
    """
    return float(((found - plain).abs() / plain.abs() * tokens.sqrt()).max())


@torch.no_grad()
def _log_probs(student: Student, batch: MicroBatch) -> Tensor:
    student.model.eval()
    return log_probs(student, batch.to(student.model.device))


def drawn(vocabulary: int, longest: int) -> list[EncodedPair]:
    """Two pairs of random tokens, one with a row of `longest`, the other with answers that begin alike."""
    ids = np.random.Generator(np.random.PCG64(0)).integers(0, vocabulary, (2, 2, longest)).astype(np.int32)
    half, some = longest // 2, longest // 4
    long = EncodedPair("long", ids[0, 0, :half], ids[0, 0, half:], ids[0, 1, half + 1 :], 0.0, 0.0)
    alike = np.concatenate([ids[1, 0, half : half + 1], ids[1, 1, :some]])
    return [long, EncodedPair("short", ids[1, 0, :some], ids[1, 0, half:], alike, 0.0, 0.0)]
