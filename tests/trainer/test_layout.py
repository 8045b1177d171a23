"""Layouts for both kinds of attention say the same; torch's variable-length kernel needs a GPU and is stood in for."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.factories.families import SERVED, student_of
from tests.fakes import varlen
from trainer.attention import in_one_call, one_by_one
from trainer.batches import collate
from trainer.encoded_pair import EncodedPair
from trainer.layout import Layout, Pieces, Runs
from trainer.logps import answer_log_probs
from trainer.packing import pack
from trainer.sharing import share


@pytest.fixture(scope="module", autouse=True)
def kernel() -> None:
    """The kernel that a GPU has."""
    varlen.on_cpu()


def laid_out(pairs: list[EncodedPair]) -> tuple[Layout, Layout]:
    pieces, runs = (pack(pairs, form=form).layout for form in ("pieces", "runs"))
    assert pieces is not None
    assert runs is not None
    return pieces, runs


def test_runs_and_pieces_are_the_same_attention(drawn_pairs: list[EncodedPair]) -> None:
    pieces, runs = laid_out(drawn_pairs)
    assert isinstance(pieces.form, Pieces)
    assert isinstance(runs.form, Runs)
    generator = torch.Generator().manual_seed(0)
    states = tuple(torch.randn(1, heads, sum(runs.sizes), 8, generator=generator) for heads in (4, 2, 2))
    expected = one_by_one(pieces, pieces.form, states, None)
    assert torch.allclose(in_one_call(runs.form, states, None), expected, atol=1e-5)


@pytest.mark.parametrize("family", ["llama", "gemma"])
def test_a_student_gives_the_same_log_probs_and_gradient_in_runs(family: str, drawn_pairs: list[EncodedPair]) -> None:
    alike = replace(drawn_pairs[0], rejected=np.concatenate([drawn_pairs[0].chosen[:-1], [7, 2]]).astype(np.int32))
    pairs, found = [alike, *drawn_pairs[1:5], replace(drawn_pairs[5], rejected=None)], []
    student = student_of(copy.deepcopy(SERVED[family]))
    for batch in (collate(pairs, pad=0), pack(pairs, form="runs")):
        if batch.layout is not None:
            assert share(student, longest=80) is None
        student.model.zero_grad()
        log_probs = answer_log_probs(student.model, batch)
        log_probs.sum().backward()
        found.append((log_probs, torch.cat([p.grad.flatten() for p in student.model.parameters()])))
    for one, other in zip(*found, strict=True):
        assert (one - other).norm() <= 1e-5 * one.norm()


def test_runs_say_their_longest_and_where_they_end(drawn_pairs: list[EncodedPair]) -> None:
    _, runs = laid_out(drawn_pairs)
    form = runs.form
    assert isinstance(form, Runs)
    for starts, most in ((form.queries_start, form.most_queries), (form.keys_start, form.most_keys)):
        assert starts.dtype == torch.int32
        assert (starts.diff().max(), starts.diff().min() > 0) == (most, True)
    assert (int(form.queries_start[-1]), int(form.keys_start[-1])) == (sum(runs.sizes), len(form.keys))
    assert runs.longest == form.most_keys == max(pair.length for pair in drawn_pairs) - 1


def test_a_micro_batch_of_anchors_has_nothing_to_share(drawn_pairs: list[EncodedPair]) -> None:
    anchors = [replace(pair, rejected=None) for pair in drawn_pairs[:3]]
    for layout in laid_out(anchors):
        assert (layout.first, layout.shared) == (3, ())
