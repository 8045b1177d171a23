"""One run from its claim to its tuned model."""

from collections.abc import Iterator
from itertools import chain
from threading import Event
from typing import Any

import torch
from sqlalchemy.orm import Session

from core import artifacts
from core.database import transaction
from core.errors import BadInput, DiskFull
from core.queries import runs, score_columns, trained_pairs
from core.queries.moves import move
from core.states import RunState
from core.tables import Run
from trainer import artifact, checkpoint, four_bits, pair_losses, student
from trainer.attempt import Attempt, versions
from trainer.batches import Form
from trainer.checkpoint import Trained
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.encoding import chat_encoder
from trainer.logps import check_logits
from trainer.loop import Course
from trainer.memory import MemoryWatch, reckon
from trainer.objective import Objective, objective
from trainer.optimizer import adamw
from trainer.order import Order
from trainer.pairs import Intake, TrainingPairs, settle
from trainer.profile import profile
from trainer.reference import in_chunks, refer
from trainer.reporting.reports import reporting
from trainer.scratch import BUFFER
from trainer.sharding import sharded
from trainer.sharing import form, share
from trainer.spool import spooled
from trainer.step import Stepper
from trainer.student import Student
from trainer.watch import watch
from trainer.world import take_threads


def run(attempt: Attempt, leaving: Event) -> bool:
    """Train the attempt's run. True when the tuned model is written, False when it was paused, or `leaving` is set.

    Raises BadInput for what another attempt would not mend, LeaseLost, DiskFull, Unavailable.
    """
    memory = MemoryWatch.begin(attempt.world.device)
    base = loaded(attempt)
    pairs = take_in(attempt, base)
    facts = attempt.config.method.facts
    cutting, refusal = cutting_of(attempt, base, pairs)
    taking = cutting.for_steps(facts)
    if facts.needs_reference:
        refer(attempt, base, pairs, cutting)
    learner = student.with_adapter(base, attempt.config.training)
    goal = objective(attempt.config, pairs, attempt.world.device)
    optimizer = adamw(learner.trained(), attempt.config.training)
    trained = Trained(learner, optimizer, goal.running, watch(attempt.config.training))
    start = checkpoint.restore(attempt, trained)
    order = order_of(attempt, pairs)
    told = _facts(attempt, learner, pairs, goal) | {"prompts": _prompts(cutting, refusal)}
    told |= _watched(trained, over=start == order.total_steps)
    attempt.world.lead(lambda: _begin(attempt, order, start, told))
    reckoned = reckon(learner, taking, profile(pairs, taking, order).load, memory).told()
    stepper = Stepper(learner, optimizer, goal, attempt.world, attempt.config.training.max_grad_norm)
    with reporting(attempt, told, after=start) as reports:
        course = Course(attempt, stepper, order, pairs, cutting, leaving, trained, reports)
        last = course.run(start)
        if last is not None:
            used = {"memory": {"estimated": reckoned, "measured_peak": memory.peak()}}
            attempt.world.lead(lambda: attempt.record.note(used))
            _end(course, last)
            reports.ending = "succeeded"
    return last is not None


def _end(course: Course, last: int) -> None:
    """After the last step: the weights that count, the pairs under them, the tuned model. Raises DamagedArtifact."""
    attempt, seen = course.attempt, course.watch
    kept = seen.kept if seen is not None else None
    if kept is not None and kept != last:
        checkpoint.take_best(attempt, course.trained, kept)
    step = kept or last
    if attempt.config.training.pair_losses:
        pair_losses.note(attempt, course.stepper, in_chunks(course.pairs, course.cutting), step=step)
    best = seen.metric if seen is not None and kept else None
    artifact.publish(attempt, course.stepper.student, step=step, data_hash=course.pairs.data_hash, best=best)


def loaded(attempt: Attempt) -> Student:
    """The student on the attempt's device; with several processes each has its part of it, adapters included.

    Raises BadInput, before any work, where it cannot be held as its training asks, or its logits are not known here.
    """
    training, world = attempt.config.training, attempt.world
    four_bits.require(training, world)
    alone = world.size == 1
    base = student.load(attempt.student, training, world.device, held=None if alone else torch.device("cpu"))
    check_logits(base.model)
    take_threads(world, parameters=base.model.num_parameters(), told=attempt.threads)
    return base if alone else sharded(student.with_adapter(base, training), world)


def take_in(attempt: Attempt, base: Student) -> TrainingPairs:
    """The dataset's pairs in the student's tokens; every process has them all, or none has.

    Raises BadInput when none is left, or others than before, and DiskFull.
    """
    room = artifacts.free_bytes(attempt.folder)
    try:
        return attempt.world.together(lambda: _taken_in(attempt, base))
    except DiskFull as error:  # what was free was not enough, and is free again once this process has ended
        raise DiskFull(error.message, needed=room + BUFFER) from error


def _taken_in(attempt: Attempt, base: Student) -> TrainingPairs:
    dataset, config = attempt.record.claim.dataset_id, attempt.config
    intake = Intake(chat_encoder(base.tokenizer, base.end_tokens), config)
    with transaction() as session:
        rows = _offered(session, intake, dataset, "train")
        if config.training.anchors:
            rows = chain(rows, intake.take(trained_pairs.anchors(session, dataset), split="train", anchors=True))
        train = spooled(rows, attempt.folder)
        validation = spooled(_offered(session, intake, dataset, "validation"), attempt.folder)
        before = runs.of_claim(session, attempt.record.claim).facts.get("data_hash")
    pairs = settle(intake, train, validation)
    if before not in (None, pairs.data_hash):
        raise BadInput("The dataset's pairs are not those this run began with; start a new run.", param="dataset")
    return pairs


def _offered(session: Session, intake: Intake, dataset: str, split: str) -> Iterator[EncodedPair]:
    """The pairs of a split, with the columns that the method reads."""
    members = intake.config.method.hyperparameters.members
    rewards = None if members is None else score_columns.of_members(session, dataset, split, members)
    return intake.take(trained_pairs.for_training(session, dataset, split), split=split, rewards=rewards)


def cutting_of(attempt: Attempt, base: Student, pairs: TrainingPairs) -> tuple[Cutting, str | None]:
    """How pairs become micro-batches, the same in every process, and why prompts are not shared if they are not."""
    training, world = attempt.config.training, attempt.world
    longest = max(spool.lengths().max(initial=0) for spool in (pairs.train, pairs.validation))
    refusal = share(base, longest=int(longest))
    laid_out: Form = "rows" if world.anyone(refusal is not None) else form(base)
    return Cutting(training.micro_batch_tokens, training.micro_batch_size, laid_out, base.pad), refusal


def order_of(attempt: Attempt, pairs: TrainingPairs) -> Order:
    """The order in which the training split is gone through."""
    training = attempt.config.training
    return Order(len(pairs.train), training.batch_size, training.epochs, training.seed)


def _facts(attempt: Attempt, learner: Student, pairs: TrainingPairs, goal: Objective) -> dict[str, Any]:
    trained = sum(parameter.numel() for _, parameter in learner.trained())
    return {
        "pairs": pairs.counts,
        "data_hash": pairs.data_hash,
        "missing_score_rate": pairs.missing_score_rate,
        "hyperparameters": goal.hyperparameters | {"sft_weight": goal.sft_weight},
        "parameters": learner.model.num_parameters(),
        "trained_parameters": trained,
        "checkpoint_bytes": 3 * 4 * trained,  # float32 weights and both moments
        "device": str(attempt.world.device),
        "processes": attempt.world.size,
        "threads": torch.get_num_threads(),
        "dtype": str(learner.dtype).removeprefix("torch."),
        "versions": versions(),
    }


def _watched(trained: Trained, *, over: bool) -> dict[str, Any]:
    """What the validations up to the checkpoint came to; what was noted behind it will be noted again.

    over: whether the checkpoint is that of the last step, which ends nothing early.
    """
    seen = trained.watch
    if seen is None:
        return {"best": None, "stopped": None}
    return {"best": seen.told() if seen.step else None, "stopped": seen.reason() if seen.enough and not over else None}


def _prompts(cutting: Cutting, refusal: str | None) -> dict[str, Any]:
    return {"shared": cutting.form != "rows", "form": cutting.form, "refusal": refusal}


def _begin(attempt: Attempt, order: Order, start: int, facts: dict[str, Any]) -> None:
    """Say what is trained on, and that steps are taken from now on, with nothing left of attempts before."""
    checkpoint.clear_leftovers(attempt)
    record, counts = attempt.record, facts["pairs"]

    def change(session: Session) -> None:
        runs.note(session, record.run_id, facts)
        runs.advance(session, record.run_id, step=start, total_steps=start if facts["stopped"] else order.total_steps)
        move(session, Run, record.run_id, RunState.running)
        where = f"Resumed after step {start}" if start else "Training begins"
        record.tell(session, f"{where}: {order.total_steps} steps on {counts['train']} pairs.", data={"step": start})
        if (refusal := facts["prompts"]["refusal"]) and not start:
            record.tell(session, f"Prompts are not shared by a pair's answers: {refusal}.", data=facts["prompts"])
        left_out = {name: counts[name] for name in counts if name.endswith(("too_long", "score_missing"))}
        if any(left_out.values()) and not start:
            told = ", ".join(f"{name.replace('_', ' ')}: {number}" for name, number in left_out.items())
            record.tell(session, f"Pairs left out or without a score: {told}.", level="warn", data=left_out)
        if (warning := attempt.config.method.facts.warning) and not start:
            record.tell(session, warning, level="warn")

    record.write(change)
