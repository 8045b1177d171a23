"""Variable-length attention needs a GPU; what it is told is checked here with its own arithmetic written out."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from trainer.attention import one_by_one
from trainer.batches import MicroBatch
from trainer.encoded_pair import EncodedPair
from trainer.layout import Layout, Pieces, Runs
from trainer.packing import pack


def by_definition(form: Runs, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Each sequence by itself; the causal triangle ends where queries and keys end. All [T, H, D]."""
    key, value = key[form.keys], value[form.keys]
    found = []
    for place in range(len(form.queries_start) - 1):
        (a, b), (c, d) = form.queries_start[place : place + 2], form.keys_start[place : place + 2]
        seen = torch.ones(int(b - a), int(d - c), dtype=torch.bool).tril(int((d - c) - (b - a)))
        parts = (state.transpose(0, 1) for state in (query[a:b], key[c:d], value[c:d]))
        found.append(scaled_dot_product_attention(*parts, attn_mask=seen, enable_gqa=True).transpose(0, 1))
    return torch.cat(found)


def laid_out(pairs: list[EncodedPair]) -> tuple[Layout, Layout]:
    batches: list[MicroBatch] = [pack(pairs, form="pieces"), pack(pairs, form="runs")]
    pieces, runs = (batch.layout for batch in batches)
    assert pieces is not None
    assert runs is not None
    return pieces, runs


def test_runs_and_pieces_are_the_same_attention(drawn_pairs: list[EncodedPair]) -> None:
    pieces, runs = laid_out(drawn_pairs)
    assert isinstance(pieces.form, Pieces)
    assert isinstance(runs.form, Runs)
    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(sum(runs.sizes), heads, 8, generator=generator) for heads in (4, 2, 2))
    states = tuple(state.transpose(0, 1).unsqueeze(0) for state in (query, key, value))
    expected = one_by_one(pieces, pieces.form, states, None)[0]
    assert torch.allclose(by_definition(runs.form, query, key, value), expected, atol=1e-5)


def test_runs_say_their_longest_and_where_they_end(drawn_pairs: list[EncodedPair]) -> None:
    _, runs = laid_out(drawn_pairs)
    assert isinstance(runs.form, Runs)
    for starts, most in (
        (runs.form.queries_start, runs.form.most_queries),
        (runs.form.keys_start, runs.form.most_keys),
    ):
        assert starts.dtype == torch.int32
        assert starts.diff().max() == most
        assert starts.diff().min() > 0
    assert (int(runs.form.queries_start[-1]), int(runs.form.keys_start[-1])) == (sum(runs.sizes), len(runs.form.keys))
    assert runs.longest == runs.form.most_keys == max(pair.length for pair in drawn_pairs) - 1


def test_a_micro_batch_of_anchors_has_nothing_to_share(drawn_pairs: list[EncodedPair]) -> None:
    anchors = [EncodedPair(p.id, p.prompt, p.chosen, None, np.nan, np.nan) for p in drawn_pairs[:3]]
    for layout in laid_out(anchors):
        assert (layout.first, layout.shared) == (3, ())
