"""States, what each means, and the moves that are legal. A state moves by `core.queries.moves.move`."""

from collections.abc import Mapping
from enum import StrEnum


class DatasetState(StrEnum):
    """Life of a dataset; names follow the batch convention."""

    validating = "validating"  # accepted; prompts are being laid out
    in_progress = "in_progress"  # shards are worked on
    finalizing = "finalizing"  # all shards ended; counts are being settled
    completed = "completed"  # pairs can be read, exported and trained on
    failed = "failed"  # no pair could be made; `error` says why
    cancelling = "cancelling"  # asked to stop
    cancelled = "cancelled"  # stopped; what was finished is kept
    paused = "paused"  # waits for /resume


class RunState(StrEnum):
    """Life of a run."""

    queued = "queued"  # waits for a training worker
    preparing = "preparing"  # models load, reference log-probs are computed
    running = "running"  # steps are taken
    evaluating = "evaluating"  # base and tuned answer the held-out prompts
    succeeded = "succeeded"  # artifact and evaluation are there
    failed = "failed"  # `error` says why
    cancelled = "cancelled"  # stopped; checkpoints are kept
    paused = "paused"  # a checkpoint is written; waits for /resume


class ShardState(StrEnum):
    """Life of a shard."""

    queued = "queued"  # may be claimed
    running = "running"  # somebody holds a lease on it
    paused = "paused"  # its parent is paused
    done = "done"  # its rows are stored
    halved = "halved"  # failed too often; its halves go on
    quarantined = "quarantined"  # one prompt that failed too often
    cancelled = "cancelled"  # its parent was cancelled


class DistillationState(StrEnum):
    """Life of a distillation: where its timeline stands."""

    generating = "generating"
    training = "training"
    evaluating = "evaluating"
    succeeded = "succeeded"
    failed = "failed"
    cancelled = "cancelled"


class SweepState(StrEnum):
    """Where the runs of a sweep stand together; it is not stored."""

    queued = "queued"  # none has begun
    running = "running"  # some have begun, and some have not ended
    paused = "paused"  # what has not ended waits for /resume
    succeeded = "succeeded"  # all of them did
    failed = "failed"  # all have ended, one of them failed
    cancelled = "cancelled"  # all have ended, one was cancelled and none failed


class Stage(StrEnum):
    """What a shard does."""

    gather = "gather"  # prompts come from a source, or pairs from a file
    grow = "grow"  # the teacher writes prompts
    generate = "generate"  # teacher: draft, critique, revision
    score = "score"  # scorers: both answers of a chain
    pair = "pair"  # filters: kept or dropped
    sift = "sift"  # filters again, over a whole dataset
    push = "push"  # to the hub
    train = "train"  # trainer: one run
    answer = "answer"  # a model answers evaluation prompts
    judge = "judge"  # scorers: evaluation answers


class Queue(StrEnum):
    """Which workers look at a shard."""

    generate = "generate"
    score = "score"
    train = "train"


QUEUE_OF = {
    Stage.gather: Queue.score,
    Stage.grow: Queue.generate,
    Stage.generate: Queue.generate,
    Stage.answer: Queue.generate,
    Stage.score: Queue.score,
    Stage.pair: Queue.score,
    Stage.sift: Queue.score,
    Stage.push: Queue.score,
    Stage.judge: Queue.score,
    Stage.train: Queue.train,
}

D, R, S, T = DatasetState, RunState, ShardState, DistillationState

LEGAL: dict[type[StrEnum], dict[StrEnum, frozenset[StrEnum]]] = {
    D: {
        D.validating: frozenset({D.in_progress, D.failed, D.cancelled}),
        D.in_progress: frozenset({D.finalizing, D.failed, D.cancelling, D.cancelled, D.paused}),
        D.finalizing: frozenset({D.completed, D.failed, D.cancelled}),
        D.cancelling: frozenset({D.cancelled}),
        D.paused: frozenset({D.in_progress, D.cancelled}),
        D.completed: frozenset({D.in_progress}),  # filters are run again
        D.failed: frozenset({D.in_progress}),
        D.cancelled: frozenset({D.in_progress}),
    },
    R: {
        R.queued: frozenset({R.preparing, R.cancelled, R.paused, R.failed}),
        R.preparing: frozenset({R.running, R.queued, R.failed, R.cancelled, R.paused}),
        R.running: frozenset({R.evaluating, R.succeeded, R.queued, R.preparing, R.failed, R.cancelled, R.paused}),
        R.evaluating: frozenset({R.succeeded, R.failed, R.cancelled}),
        R.paused: frozenset({R.queued, R.cancelled}),
        R.failed: frozenset({R.queued, R.evaluating}),
        R.cancelled: frozenset({R.queued, R.evaluating}),
        R.succeeded: frozenset(),
    },
    S: {
        S.queued: frozenset({S.running, S.paused, S.cancelled}),
        S.running: frozenset({S.queued, S.done, S.halved, S.quarantined, S.cancelled, S.paused}),
        S.paused: frozenset({S.queued, S.cancelled}),
        S.cancelled: frozenset({S.queued}),
        S.quarantined: frozenset({S.queued}),
        S.done: frozenset({S.queued}),  # when an earlier stage made more rows of its range
        S.halved: frozenset(),
    },
    T: {
        T.generating: frozenset({T.training, T.failed, T.cancelled}),
        T.training: frozenset({T.evaluating, T.succeeded, T.failed, T.cancelled}),
        T.evaluating: frozenset({T.succeeded, T.failed, T.cancelled}),
        T.succeeded: frozenset(),
        T.failed: frozenset({T.generating, T.training, T.evaluating}),
        T.cancelled: frozenset({T.generating, T.training, T.evaluating}),
    },
}

ENDED = frozenset(
    {D.completed, D.failed, D.cancelled, R.succeeded, R.failed, R.cancelled, S.done, S.halved, S.quarantined}
    | {S.cancelled, T.succeeded, T.failed, T.cancelled}
)


def of_sweep(runs: Mapping[str, int]) -> SweepState:
    """Where a sweep stands, from how many of its runs are in each state."""
    there = {RunState(state) for state, number in runs.items() if number}
    begun = there - {R.queued, R.paused}
    if begun - ENDED or (R.queued in there and begun):
        return SweepState.running
    for state in (R.queued, R.paused, R.failed, R.cancelled):
        if state in there:
            return SweepState(state)
    return SweepState.succeeded
