"""One step: its gradient does not depend on how the batch is cut, and its metrics are means over the batch."""

import copy
from dataclasses import replace

import pytest
import torch

from core.configs.run import TrainingConfig
from core.methods.alpha_dpo import AlphaDpoConfig
from core.methods.simpo import SimpoConfig
from trainer.batches import Form, MicroBatch, Reference, collate
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.logps import answer_log_probs
from trainer.losses import alpha_dpo, dpo, rdpo, simpo
from trainer.metrics import Counted, means
from trainer.objective import Objective, pair_tensors
from trainer.optimizer import adamw
from trainer.running_gap import RunningGap
from trainer.sharing import share
from trainer.step import Stepper, log_probs, mixed_precision
from trainer.student import Student, with_adapter
from trainer.world import World

ALONE = World(rank=0, size=1, device=torch.device("cpu"))
SOFT = Objective(rdpo, {"beta": 0.1, "tau": 1.0, "form": "soft"}, sft_weight=0.3)
PLAIN = Objective(dpo, {"beta": 0.1}, sft_weight=0.0)


def cut(pairs: list[EncodedPair], size: int, reference: Reference | None = None) -> list[MicroBatch]:
    return Cutting(10_000, size).batches(pairs, reference)


def reference_of(learner: Student, pairs: list[EncodedPair]) -> Reference:
    with torch.no_grad():
        values = answer_log_probs(learner.model, collate(pairs, pad=0)).reshape(2, -1)
    return {pair.id: (w + 1.0, lo - 2.0) for pair, w, lo in zip(pairs, *values.tolist(), strict=True)}


def stepper(learner: Student, objective: Objective = SOFT) -> Stepper:
    return Stepper(learner, adamw(learner.trained(), TrainingConfig(learning_rate=1e-3)), objective, ALONE, 1e9)


def gradient(learner: Student, pairs: list[EncodedPair], reference: Reference, size: int) -> torch.Tensor:
    """Of the mean objective, with the pairs cut into micro-batches of a size; accumulated in float64."""
    model = copy.deepcopy(learner.model).double()
    for batch in cut(pairs, size, reference):
        total, _ = SOFT(answer_log_probs(model, batch), batch)
        (total / len(pairs)).backward()
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def test_the_gradient_is_the_same_sorted_accumulated_and_plain(
    learner: Student, drawn_pairs: list[EncodedPair]
) -> None:
    reference = reference_of(learner, drawn_pairs)
    plain, accumulated, alone = (gradient(learner, drawn_pairs, reference, size) for size in (12, 5, 1))
    assert torch.allclose(accumulated, plain, rtol=1e-4, atol=1e-6)
    assert torch.allclose(alone, plain, rtol=1e-4, atol=1e-6)
    unsorted = gradient(learner, drawn_pairs[::-1], reference, 12)
    assert torch.allclose(unsorted, plain, rtol=1e-4, atol=1e-6)


def test_a_step_lowers_the_loss_on_its_batch(learner: Student, drawn_pairs: list[EncodedPair]) -> None:
    taking, batches = stepper(learner), cut(drawn_pairs, 4)
    losses = [taking.step(batches, examples=12, seed=step)[0].item() for step in range(5)]
    assert losses[-1] < losses[0]


def test_the_same_step_twice_is_bit_equal(learner: Student, drawn_pairs: list[EncodedPair]) -> None:
    weights = []
    for _ in range(2):
        twin = replace(learner, model=copy.deepcopy(learner.model))
        stepper(twin).step(cut(drawn_pairs, 4), examples=12, seed=3)
        weights.append(torch.cat([p.detach().flatten() for _, p in twin.trained()]))
    assert torch.equal(*weights)


@pytest.mark.parametrize("form", ["rows", "pieces"])
def test_a_step_in_bfloat16_keeps_log_probs_gradients_and_weights_in_float32(
    form: Form, learner: Student, drawn_pairs: list[EncodedPair]
) -> None:
    assert share(learner, longest=80) is None
    batches, kept = Cutting(400, form=form).batches(drawn_pairs, reference_of(learner, drawn_pairs)), {}
    for dtype in (torch.float32, torch.bfloat16):
        twin = replace(learner, model=copy.deepcopy(learner.model), dtype=dtype)
        with torch.no_grad():
            found = torch.cat([log_probs(twin, batch) for batch in batches])
        sums = stepper(twin).step(batches, examples=12, seed=0)
        assert {found.dtype, sums.dtype, *(p.dtype for _, p in twin.trained())} == {torch.float32}
        moved = [p.detach() - before for (_, p), before in zip(twin.trained(), learner.model.parameters(), strict=True)]
        kept[dtype] = found, sums, torch.cat([part.flatten() for part in moved])
    (exact, sums, moved), (found, told, narrow) = kept.values()
    assert not torch.equal(found, found.bfloat16().float())
    assert 0 < (found - exact).norm() < 0.02 * exact.norm()
    assert told[0].item() == pytest.approx(sums[0].item(), rel=0.15)
    assert torch.nn.functional.cosine_similarity(narrow, moved, dim=0) > 0.9  # Adam's first step is the sign alone


@pytest.mark.parametrize("anew", [False, True])
def test_copies_of_weights_in_bfloat16_are_not_held_where_activations_are_computed_anew(
    anew: bool, learner: Student
) -> None:
    if anew:
        learner.model.gradient_checkpointing_enable({"use_reentrant": False})
    with mixed_precision(replace(learner, dtype=torch.bfloat16)):
        assert torch.is_autocast_cache_enabled() != anew


def test_dropout_follows_the_seed_of_the_step(learner: Student, drawn_pairs: list[EncodedPair]) -> None:
    config = TrainingConfig.model_validate({"mode": "lora", "lora": {"dropout": 0.5}})

    def norm(seed: int) -> float:
        taking = stepper(with_adapter(replace(learner, model=copy.deepcopy(learner.model)), config))
        return taking.step(cut(drawn_pairs, 4), examples=12, seed=seed)[-1].item()

    assert norm(1) == norm(1)
    assert norm(1) != norm(2)


def test_only_the_adapter_is_trained_in_mode_lora(learner: Student, drawn_pairs: list[EncodedPair]) -> None:
    adapted = with_adapter(learner, TrainingConfig(mode="lora"))
    frozen = {name: p.detach().clone() for name, p in adapted.model.named_parameters() if not p.requires_grad}
    assert all("lora_" in name for name, _ in adapted.trained())
    stepper(adapted).step(cut(drawn_pairs, 4), examples=12, seed=1)
    assert all(torch.equal(frozen[name], p) for name, p in adapted.model.named_parameters() if name in frozen)


def test_the_sft_term_is_the_mean_negative_log_prob_per_token_of_the_chosen(
    learner: Student, drawn_pairs: list[EncodedPair]
) -> None:
    batch = collate(drawn_pairs, pad=0)
    with torch.no_grad():
        log_probs = answer_log_probs(learner.model, batch)
    without, _ = replace(SOFT, sft_weight=0.0)(log_probs, batch)
    total, _ = SOFT(log_probs, batch)
    per_token = [-log_probs[i].item() / len(pair.chosen) for i, pair in enumerate(drawn_pairs)]
    assert (total - without).item() == pytest.approx(0.3 * sum(per_token), rel=1e-4)


def test_an_anchor_serves_the_sft_term_alone(learner: Student, drawn_pairs: list[EncodedPair]) -> None:
    anchors = [replace(pair, rejected=None) for pair in drawn_pairs[:4]]
    mixed = collate([*anchors, *drawn_pairs[4:]], pad=0)
    with torch.no_grad():
        log_probs = answer_log_probs(learner.model, mixed)
        pairs = pair_tensors(log_probs, mixed)
        total, _ = SOFT(log_probs, mixed)
    assert (mixed.pairs, mixed.anchors, len(pairs.chosen), len(log_probs)) == (8, 4, 8, 20)
    sft = (-log_probs[:12] / mixed.answer_tokens[:12]).sum()
    losses = rdpo(pairs, beta=0.1, tau=1.0).sum()
    assert total.item() == pytest.approx((losses + 0.3 * sft).item(), rel=1e-5)
    only = collate(anchors, pad=0)
    alone, _ = SOFT(answer_log_probs(learner.model, only), only)
    assert alone.item() > 0


def test_a_policy_that_equals_its_reference_has_zero_rewards_and_loss_log_two(
    learner: Student, drawn_pairs: list[EncodedPair]
) -> None:
    with torch.no_grad():
        values = answer_log_probs(learner.model, collate(drawn_pairs, pad=0)).reshape(2, -1)
    reference = {pair.id: (w, lo) for pair, w, lo in zip(drawn_pairs, *values.tolist(), strict=True)}
    sums = stepper(learner, PLAIN).measure(cut(drawn_pairs, 12, reference))
    found = means(sums.tolist(), Counted(12, 12, 0), sft_weight=0.0)
    assert found["loss"] == pytest.approx(0.693147, abs=1e-5)
    for name in ("implicit_reward_chosen", "implicit_reward_rejected", "margin", "abs_z", "kl"):
        assert found[name] == pytest.approx(0.0, abs=1e-4)


def test_metrics_are_means_over_the_batch(learner: Student, drawn_pairs: list[EncodedPair]) -> None:
    pairs = [replace(drawn_pairs[0], score_rejected=drawn_pairs[0].score_chosen), *drawn_pairs[1:]]
    batch = collate(pairs, pad=0, reference=reference_of(learner, pairs))
    sums = stepper(learner).measure([batch]).tolist()
    found = means(sums, Counted(12, 12, 0), sft_weight=0.3)
    # reference_of puts the reference 1 nat above the policy on the chosen, 2 below on the rejected
    assert found["implicit_reward_chosen"] == pytest.approx(-0.1, abs=1e-4)
    assert found["implicit_reward_rejected"] == pytest.approx(0.2, abs=1e-4)
    assert found["margin"] == pytest.approx(-0.3, abs=1e-4)
    assert found["abs_z"] == pytest.approx(0.3, abs=1e-4)
    assert found["kl"] == pytest.approx(-0.5, abs=1e-3)
    assert found["accuracy"] == 0.0
    assert found["score_tie_rate"] == pytest.approx(1 / 12)
    assert found["pair_loss"] is not None
    assert found["sft_loss"] is not None
    assert found["loss"] == pytest.approx(found["pair_loss"] + 0.3 * found["sft_loss"], rel=1e-5)


def test_what_each_pair_adds_has_the_mean_that_is_logged(learner: Student, drawn_pairs: list[EncodedPair]) -> None:
    batch = collate(drawn_pairs, pad=0, reference=reference_of(learner, drawn_pairs))
    found = means(stepper(learner).measure([batch]).tolist(), Counted(12, 12, 0), sft_weight=0.3)
    losses, margins = stepper(learner).each(batch)
    assert losses.mean().item() == pytest.approx(found["loss"], rel=1e-5)
    assert margins.mean().item() == pytest.approx(found["margin"], abs=1e-5)
    heavy = replace(batch, weights=torch.full_like(batch.weights, 7.0))
    assert torch.equal(stepper(learner).each(heavy)[0], losses)


def test_a_pair_whose_numbers_are_not_finite_counts_as_the_hardest(
    learner: Student, drawn_pairs: list[EncodedPair]
) -> None:
    batch = collate(drawn_pairs, pad=0, reference=reference_of(learner, drawn_pairs))
    broken = replace(batch, reference=batch.reference.clone())
    broken.reference[0, 3] = torch.nan
    losses, margins = stepper(learner, PLAIN).each(broken)
    assert (losses.argmax(), margins.argmin()) == (3, 3)
    assert losses.isfinite().all()
    assert margins.isfinite().all()


def test_a_weight_multiplies_all_that_a_pair_adds(learner: Student, drawn_pairs: list[EncodedPair]) -> None:
    reference = reference_of(learner, drawn_pairs)
    weighed = [replace(pair, weight=weight) for pair, weight in zip(drawn_pairs, [0.0, 2.0, 0.5] * 4, strict=True)]
    twice = [pair for pair in weighed for _ in range(int(2 * pair.weight))]
    known = {pair.id: reference[pair.id] for pair in drawn_pairs}
    with torch.no_grad():
        for objective in (SOFT, PLAIN):
            sums = stepper(learner, objective).measure([collate(weighed, pad=0, reference=known)])
            plain = [collate([replace(pair, weight=1.0)], pad=0, reference=known) for pair in twice]
            doubled = stepper(learner, objective).measure(plain)
            assert sums[0].item() == pytest.approx(doubled[0].item() / 2, rel=1e-5)
            assert sums[-1].item() == pytest.approx(doubled[-1].item() / 2, rel=1e-5)


def alpha_stepper(learner: Student, alpha: float = 0.2) -> Stepper:
    gap, values = RunningGap(ALONE.device), {"beta": 2.5, "gamma_over_beta": 0.6, "alpha": alpha}
    return stepper(learner, Objective(alpha_dpo, values, 0.0, AlphaDpoConfig.facts, gap))


def test_the_running_gap_does_not_depend_on_how_a_step_is_cut(learner: Student, drawn_pairs: list[EncodedPair]) -> None:
    reference, found = reference_of(learner, drawn_pairs), []
    for size in (12, 5):
        taking = alpha_stepper(replace(learner, model=copy.deepcopy(learner.model)))
        for step in range(2):
            told = taking.step(cut(drawn_pairs, size, reference), examples=12, seed=step)
        assert taking.objective.running is not None
        found.append((torch.stack(taking.objective.running.statistics()), told))
    (whole, parted), (one, other) = zip(*found, strict=True)
    assert torch.allclose(whole, parted, rtol=1e-4)
    assert torch.allclose(one, other, rtol=1e-3, atol=1e-4)
    assert whole[1].item() > 0.05


def test_alpha_dpo_begins_without_a_gap_and_trains_as_simpo_with_alpha_zero(
    learner: Student, drawn_pairs: list[EncodedPair]
) -> None:
    with torch.no_grad():
        values = answer_log_probs(learner.model, collate(drawn_pairs, pad=0)).reshape(2, -1)
    reference = {pair.id: (w, lo) for pair, w, lo in zip(drawn_pairs, *values.tolist(), strict=True)}
    batches = cut(drawn_pairs, 4, reference)
    simple = Objective(simpo, {"beta": 2.5, "gamma_over_beta": 0.6}, 0.0, SimpoConfig.facts)
    weights = []
    for make in (lambda one: alpha_stepper(one, 0.0), lambda one: stepper(one, simple), alpha_stepper):
        twin = replace(learner, model=copy.deepcopy(learner.model))
        taking = make(twin)
        told = [taking.step(batches, examples=12, seed=step) for step in range(2)]
        assert all(torch.isfinite(one[[0, -1]]).all() for one in told)
        weights.append(torch.cat([p.detach().flatten() for _, p in twin.trained()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_metrics_of_a_method_per_token_are_per_token_and_without_a_reference_there_is_no_kl(
    learner: Student, drawn_pairs: list[EncodedPair]
) -> None:
    batch = collate(drawn_pairs, pad=0)
    simple = Objective(simpo, {"beta": 2.0, "gamma_over_beta": 0.6}, 0.0, SimpoConfig.facts)
    with torch.no_grad():
        pairs = pair_tensors(answer_log_probs(learner.model, batch), batch)
        found = means(stepper(learner, simple).measure([batch]).tolist(), Counted(12, 12, 0), sft_weight=0.0)
    mean_chosen, mean_rejected = pairs.chosen / pairs.tokens_chosen, pairs.rejected / pairs.tokens_rejected
    assert found["implicit_reward_chosen"] == pytest.approx(2 * mean_chosen.mean().item(), rel=1e-5)
    assert found["abs_z"] == pytest.approx(2 * (mean_chosen - mean_rejected).abs().mean().item(), rel=1e-5)
    assert found["logp_chosen"] == pytest.approx(pairs.chosen.mean().item(), rel=1e-5)
    assert found["kl"] is None


def test_a_mean_that_is_not_finite_is_none() -> None:
    assert means([float("inf")] * 10, Counted(1, 1, 0), sft_weight=0.0)["loss"] is None
    assert means([0.0] * 10, Counted(0, 1, 0), sft_weight=0.0)["accuracy"] is None
