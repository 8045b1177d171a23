"""The scoring worker: scores of chains and of evaluation answers, and the pairs that follow from them."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import structlog
from sqlalchemy.orm import Session

from core.configs.reward import RewardConfig
from core.database import transaction
from core.errors import BadInput, BurnishError, EngineDied, LeaseLost, Unavailable
from core.ledger import Claim
from core.queries import datasets, evaluations, pipeline, runs, scores, shards
from core.queries.rows import AnyRow
from core.settings import settings
from core.states import Queue, Stage
from workers import advance, gathering, give_up, pairing, sifting
from workers.candidates import answers
from workers.lease import Beats, Lease
from workers.persist import persist
from workers.rewards import load_reward
from workers.rewards.reward import Answer, Missing, RewardModel
from workers.shared_device import SharedDevice

log = structlog.get_logger()


class ScoringDesk:
    """Drains the queue `score`. The last scorer stays loaded."""

    def __init__(self, beats: Beats, owner: str, device: SharedDevice | None = None) -> None:
        self._beats = beats
        self._owner = owner
        self._device = device or SharedDevice()
        self._reward: RewardModel | None = None
        self._loaded: RewardConfig | None = None

    def drain(self, stop: threading.Event) -> None:
        """Work until nothing can be claimed, or `stop` is set."""
        while not stop.is_set():
            if self._device.due():
                self._let_go()
            with transaction() as session:
                claim = shards.claim(session, queue=Queue.score, owner=self._owner, model=self.model)
            if claim is None:
                if self._device.due(idle=True):
                    self._let_go()
                return
            self._shard(claim, stop)

    def close(self) -> None:
        """End the scorer."""
        self._let_go()

    @property
    def model(self) -> str | None:
        """The loaded scorer."""
        return self._loaded.scorer if self._loaded else None

    def _shard(self, claim: Claim, stop: threading.Event) -> None:
        lease = self._beats.open(claim, stall_seconds=settings().engine_load_seconds)
        try:
            STAGES[Stage(claim.stage)](self, lease, stop)
            if stop.is_set():
                give_up.hand_back(claim)
                return
            persist(lease, lambda session: pipeline.finish(session, claim))
            advance.after(claim)
        except LeaseLost:
            log.info("shard was taken meanwhile", shard=claim.shard_id)
        except give_up.LoadFailed as error:
            give_up.load_failed(claim, error.cause)
        except Unavailable as error:  # the model hub, or the database
            give_up.wait(claim, error)
        except BurnishError as error:
            log.warning("shard failed", shard=claim.shard_id, error=str(error))
            if isinstance(error, EngineDied):
                self._unload()
            give_up.release(claim, error)
        finally:
            self._beats.close(lease)

    def _scorer(self, config: RewardConfig) -> RewardModel:
        if self._reward is None or self._loaded != config:
            self._unload()
            try:
                self._reward = load_reward(config)
            except (BadInput, EngineDied) as error:
                raise give_up.LoadFailed(error) from error
            self._loaded = config
        return self._reward

    def _let_go(self) -> None:
        self._unload()
        self._device.give()

    def _unload(self) -> None:
        reward, self._reward, self._loaded = self._reward, None, None
        if reward is not None:
            reward.close()

    def score(self, lease: Lease, stop: threading.Event) -> None:
        """Draft and revision of every chain in the range."""
        with transaction() as session:
            scorers = datasets.frozen(session, lease.claim.dataset_id).reward
            waiting = scores.waiting(session, lease.claim)
        config = next(scorer for scorer in scorers if scorer.scorer == lease.claim.model)
        self._in_batches(lease, stop, config, waiting, _chain_answers)

    def judge(self, lease: Lease, stop: threading.Event) -> None:
        """Every evaluation answer in the range."""
        with transaction() as session:
            scorers = runs.frozen(session, str(lease.claim.run_id)).evaluation.scorers
            waiting = evaluations.waiting_judgements(session, lease.claim, lease.claim.model)
        config = next(scorer for scorer in scorers if scorer.scorer == lease.claim.model)
        self._in_batches(lease, stop, config, waiting, _evaluation_answers)

    def pair(self, lease: Lease, stop: threading.Event) -> None:
        """A pair for every chain in the range."""
        pairing.pair(lease)

    def sift(self, lease: Lease, stop: threading.Event) -> None:
        """The filters over a whole dataset."""
        sifting.sift(lease)

    def gather(self, lease: Lease, stop: threading.Event) -> None:
        """Prompts from a source."""
        gathering.gather(lease, stop)

    def _in_batches(
        self,
        lease: Lease,
        stop: threading.Event,
        config: RewardConfig,
        waiting: Sequence[AnyRow],
        read: Callable[[AnyRow], list[tuple[dict[str, Any], Answer]]],
    ) -> None:
        if config.has_engine and not self._device.take(lease, stop):
            return
        reward, size = self._scorer(config), settings().scoring_batch
        for start in range(0, len(waiting), size):
            if stop.is_set():
                return
            chunk = waiting[start : start + size]
            asked = [pair for row in chunk for pair in read(row)]
            values = reward.score([answer for _, answer in asked])
            lease.moved()
            rows = [
                owner | {"scorer": reward.scorer, "fingerprint": reward.fingerprint} | _value(value)
                for (owner, _), value in zip(asked, values, strict=True)
            ]
            persist(lease, partial(_store, claim=lease.claim, rows=rows, chunk=len(chunk)))


STAGES = {
    Stage.score: ScoringDesk.score,
    Stage.judge: ScoringDesk.judge,
    Stage.pair: ScoringDesk.pair,
    Stage.sift: ScoringDesk.sift,
    Stage.gather: ScoringDesk.gather,
}


def _chain_answers(row: AnyRow) -> list[tuple[dict[str, Any], Answer]]:
    return [
        (
            {"chain_id": row.chain_id, "answer": name, "evaluation_answer_id": None},
            Answer(messages=tuple(row.messages), text=text, expect=row.expect, guard=row.guard),
        )
        for name, text in answers(row).items()
    ]


def _evaluation_answers(row: AnyRow) -> list[tuple[dict[str, Any], Answer]]:
    owner = {"chain_id": None, "answer": None, "evaluation_answer_id": row.answer_id}
    return [(owner, Answer(messages=tuple(row.messages), text=row.text, expect=row.expect, guard=row.guard))]


def _value(value: float | Missing) -> dict[str, Any]:
    if isinstance(value, Missing):
        return {"value": None, "missing": value.reason}
    return {"value": value, "missing": None}


def _store(session: Session, *, claim: Claim, rows: Sequence[dict[str, Any]], chunk: int) -> None:
    new = scores.store(session, rows)
    shards.guard(session, claim, completed=chunk if new else 0)
