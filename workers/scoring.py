"""The scoring worker: scores of chains and of evaluation answers, and the pairs that follow from them."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from core.configs.reward import RewardConfig
from core.database import transaction
from core.errors import BadInput, BurnishError, EngineDied, LeaseLost, Refused, Unavailable
from core.ledger import DRAFT, Claim
from core.queries import datasets, evaluations, imports, pipeline, rubrics, runs, scores, secrets, shards
from core.settings import settings
from core.states import Queue, Stage
from workers import advance, cases, gathering, give_up, importing, pairing, pushing, sifting
from workers.cases import Case, Scored
from workers.errands import Errands
from workers.judging import Docket, judge_all
from workers.lease import Beats, Lease
from workers.persist import persist
from workers.rewards import load_reward
from workers.rewards.judge import Judge, load_judge
from workers.rewards.reward import RewardModel, Verdict
from workers.shared_device import SharedDevice
from workers.teachers.endpoint.lines import Lines
from workers.teachers.endpoint.patience import still

log = structlog.get_logger()
AGAIN = 0.5  # seconds until drafts of chains that go on, or work beside a push, are looked for again
WORTH = 10.0  # and so many times as long as it took to load the scorer for them


class ScoringDesk:
    """Drains the queue `score`. The last scorer stays loaded."""

    def __init__(self, beats: Beats, owner: str, device: SharedDevice | None = None) -> None:
        self._beats = beats
        self._owner = owner
        self._device = device or SharedDevice()
        self._runner = asyncio.Runner()
        self._errands = Errands()
        self._lines = Lines()
        self._reward: RewardModel | Judge | None = None
        self._loaded: RewardConfig | None = None
        self._owner_of_key: str | None = None
        self._load_seconds = 0.0

    def drain(self, stop: threading.Event) -> None:
        """Work until nothing can be claimed and no push is under way, or `stop` is set."""
        while not stop.is_set():
            if self._device.due():
                self._let_go()
            with transaction() as session:
                claim = shards.claim(session, queue=Queue.score, owner=self._owner, model=self.model)
            if claim is None:
                if self._device.due(idle=True):
                    self._let_go()
                if not self._errands.wait(AGAIN):
                    return
            elif claim.stage == Stage.push:
                self._errands.send(claim, partial(self._shard, stop=stop))
            else:
                self._shard(claim, stop)

    def close(self) -> None:
        """Hand back pushes that are under way, and end the scorer."""
        self._errands.leave()
        self._let_go()
        self._runner.close()

    @property
    def model(self) -> str | None:
        """The loaded scorer."""
        return self._loaded.scorer if self._loaded else None

    def _shard(self, claim: Claim, stop: threading.Event) -> None:
        lease = self._beats.open(claim, stall_seconds=settings().engine_load_seconds)
        try:
            again = STAGES[Stage(claim.stage)](self, lease, stop)
            if stop.is_set():
                give_up.hand_back(claim)
                return
            if again is not None:
                give_up.later(claim, again)
                return
            persist(lease, lambda session: pipeline.finish(session, claim))
            advance.after(claim)
        except LeaseLost:
            log.info("shard was taken meanwhile", shard=claim.shard_id)
        except give_up.LoadFailed as error:
            give_up.load_failed(claim, error.cause)
        except Unavailable as error:  # the model hub, or the database
            give_up.wait(claim, error)
        except Refused as error:  # an endpoint does not take us: its key is asked for anew when somebody resumes
            self._unload()
            give_up.load_failed(claim, error)
        except BurnishError as error:
            log.warning("shard failed", shard=claim.shard_id, error=str(error))
            if isinstance(error, EngineDied):
                self._unload()
            give_up.release(claim, error)
        finally:
            self._beats.close(lease)

    def _scorer(self, config: RewardConfig, claim: Claim) -> RewardModel | Judge:
        """The scorer, loaded. One that was opened with a project's key serves that project alone."""
        project = claim.project_id if config.secret else None
        if self._reward is None or (self._loaded, self._owner_of_key) != (config, project):
            self._unload()
            begun = time.monotonic()
            try:
                self._reward = self._load(config, claim)
            except (BadInput, EngineDied) as error:
                raise give_up.LoadFailed(error) from error
            self._loaded, self._owner_of_key = config, project
            self._load_seconds = time.monotonic() - begun
        return self._reward

    def _let_go(self) -> None:
        self._unload()
        self._device.give()

    def _load(self, config: RewardConfig, claim: Claim) -> RewardModel | Judge:
        if config.kind != "judge":
            return load_reward(config)
        key = None
        if config.secret is not None:
            with transaction() as session:
                key = secrets.reveal(session, claim.project_id, config.secret)
        return self._runner.run(load_judge(config, api_key=key, lines=self._lines))

    def _unload(self) -> None:
        reward, self._reward, self._loaded = self._reward, None, None
        if isinstance(reward, Judge):
            self._runner.run(reward.close())
        elif reward is not None:
            reward.close()

    def score(self, lease: Lease, stop: threading.Event) -> float | None:
        """Draft and revision of every chain in the range; or the drafts alone, again and again until the chains end.

        Returns the seconds until it is to be looked at again, None when nothing more will come.
        """
        claim = lease.claim
        with transaction() as session:  # whether more will come is asked first: what comes meanwhile is seen
            going = claim.role == DRAFT and pipeline.generating(session, claim)
            asked = datasets.without_prompts(session, claim.dataset_id)
            by_behavior = rubrics.of_dataset(session, claim.dataset_id)
            waiting = [cases.of_chain(row, by_behavior) for row in scores.waiting(session, claim)]
        self._load_seconds = 0.0
        self._score(lease, stop, Docket(_named(asked.reward, claim), asked.seed, waiting, asked.cache))
        return AGAIN + WORTH * self._load_seconds if going else None

    def judge(self, lease: Lease, stop: threading.Event) -> None:
        """Every evaluation answer in the range."""
        claim = lease.claim
        with transaction() as session:
            scorers = runs.frozen(session, str(claim.run_id)).evaluation.scorers
            seed = datasets.without_prompts(session, claim.dataset_id).seed
            by_behavior = rubrics.of_dataset(session, claim.dataset_id)
            rows = evaluations.waiting_judgements(session, claim, claim.model)
        waiting = [cases.of_evaluation(row, by_behavior) for row in rows]
        self._score(lease, stop, Docket(_named(scorers, claim), seed, waiting))

    def pair(self, lease: Lease, stop: threading.Event) -> None:
        """A pair for every chain in the range."""
        pairing.pair(lease)

    def sift(self, lease: Lease, stop: threading.Event) -> None:
        """The filters over a whole dataset."""
        sifting.sift(lease)

    def push(self, lease: Lease, stop: threading.Event) -> None:
        """A dataset to the hub."""
        pushing.push(lease)

    def gather(self, lease: Lease, stop: threading.Event) -> None:
        """Prompts from a source, or pairs from a file."""
        read = importing.read_in if lease.claim.model == imports.MODEL else gathering.gather
        read(lease, stop)

    def _score(self, lease: Lease, stop: threading.Event, docket: Docket) -> None:
        if not docket.waiting:
            return
        if docket.config.has_engine and not self._device.take(lease, stop):
            return
        reward = self._scorer(docket.config, lease.claim)
        if isinstance(reward, Judge):
            lease.stall_seconds = max(lease.stall_seconds, still(docket.config.engine))
            self._runner.run(judge_all(reward, docket, lease=lease, stop=stop))
        else:
            self._in_batches(lease, stop, reward, docket.waiting)

    def _in_batches(self, lease: Lease, stop: threading.Event, reward: RewardModel, waiting: Sequence[Case]) -> None:
        size = settings().scoring_batch
        for start in range(0, len(waiting), size):
            if stop.is_set():
                return
            chunk = waiting[start : start + size]
            values = iter(reward.score([answer for case in chunk for answer in case.answers.values()]))
            lease.moved()
            batch = [
                Scored(case, reward.scorer, reward.fingerprint, [Verdict(next(values)) for _ in case.answers])
                for case in chunk
            ]
            persist(lease, partial(cases.store, claim=lease.claim, batch=batch))


STAGES: dict[Stage, Callable[[ScoringDesk, Lease, threading.Event], float | None]] = {
    Stage.score: ScoringDesk.score,
    Stage.judge: ScoringDesk.judge,
    Stage.pair: ScoringDesk.pair,
    Stage.sift: ScoringDesk.sift,
    Stage.gather: ScoringDesk.gather,
    Stage.push: ScoringDesk.push,
}


def _named(scorers: Sequence[RewardConfig], claim: Claim) -> RewardConfig:
    return next(scorer for scorer in scorers if scorer.scorer == claim.model)
