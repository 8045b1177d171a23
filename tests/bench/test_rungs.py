"""The rungs of the ladder and the peer's ways: another cost, the same pairs, the same gradient."""

from dataclasses import replace

import pytest
import torch

from bench.agreement import agree, agree_with_ours, move, same_pairs
from bench.ours import Ours, ours
from bench.padding import of_batches
from bench.peer import Peer, peer
from bench.rungs import cuts, rungs
from bench.setting import Setting
from bench.shapes import SHAPES, make

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    """Two batches of four short pairs for a tiny student."""
    return Setting(make(SHAPES["tiny"], tmp_path_factory.mktemp("student"), device=CPU), "short", 4, 2, CPU)


@pytest.fixture
def own(setting: Setting) -> Ours:
    """Our side, moved off its reference."""
    found = ours(setting)
    move([found.student.model])
    return found


@pytest.fixture
def other(setting: Setting) -> Peer:
    """TRL with a precomputed reference, moved alike."""
    found = peer(setting, best=True)
    move([found.trainer.model])
    return found


def test_a_rung_costs_more_and_has_the_same_gradient(own: Ours) -> None:
    cut = cuts(own, 0)
    agree_with_ours(own, cut)
    (shared,) = own.cutting.batches(own.cut(0))
    assert len(cut["bucket"]) == 4
    assert of_batches(own.cut(0), cut["share"]).forwarded == sum(pair.tokens - 2 for pair in own.cut(0))
    assert of_batches(own.cut(0), cut["plain"]).forwarded == 8 * max(pair.length for pair in own.cut(0))
    (everywhere,) = cut["head"]
    positions = torch.zeros(shared.input_ids.numel(), dtype=torch.long).index_add(
        0, everywhere.answer_at, torch.ones(len(everywhere.answer_at), dtype=torch.long)
    )
    assert bool((positions > 0).all())
    assert len(everywhere.answer_at) > len(shared.answer_at)


def test_every_rung_takes_the_same_step(own: Ours) -> None:
    before = {name: value.clone() for name, value in own.student.model.state_dict().items()}
    moments = own.stepper.optimizer.state_dict()
    after = {}
    for name, step in {"ours": own.step, **rungs(own)}.items():
        own.student.model.load_state_dict(before)
        own.stepper.optimizer.load_state_dict(moments)
        own.stepper.optimizer.state.clear()
        step(1)
        after[name] = torch.cat([value.flatten() for value in own.student.model.state_dict().values()])
    cached = after.pop("cache")  # its reference is the student as it is: another gradient, a step as long
    assert not torch.equal(cached, after["ours"])
    assert all(torch.allclose(value, after["ours"], atol=3e-5) for value in after.values())


def test_trl_has_our_pairs_and_our_gradient_in_each_of_its_ways(own: Ours, other: Peer) -> None:
    for way in (other, replace(other, micro=1), replace(other, answers_only=True)):
        same_pairs(own, way)
        agree(own, way)


def test_no_speed_is_told_of_other_weights_or_other_pairs(own: Ours, other: Peer) -> None:
    with pytest.raises(SystemExit, match="same pairs"):
        same_pairs(replace(own, pairs=own.pairs[::-1]), other)
    with torch.no_grad():
        other.trainer.model.get_output_embeddings().weight.mul_(1.01)
    with pytest.raises(SystemExit, match="no speed is told"):
        agree(own, other)
