"""The tables, one noun a file. Importing this package knows them all."""

from core.tables.api_key import ApiKey
from core.tables.base import Table
from core.tables.behavior import Behavior
from core.tables.cached_turn import CachedTurn
from core.tables.chain import Chain
from core.tables.checkpoint import Checkpoint
from core.tables.dataset import Dataset
from core.tables.distillation import Distillation
from core.tables.evaluation import Evaluation
from core.tables.evaluation_answer import EvaluationAnswer
from core.tables.event import Event
from core.tables.file import File
from core.tables.idempotency_key import IdempotencyKey
from core.tables.pair import Pair
from core.tables.pair_loss import PairLoss
from core.tables.project import DEFAULT_PROJECT, Project
from core.tables.prompt import Prompt
from core.tables.push import Push
from core.tables.reference_log_prob import ReferenceLogProb
from core.tables.review import Review
from core.tables.run import Run
from core.tables.run_metric import RunMetric
from core.tables.score import Score
from core.tables.scorer import Scorer
from core.tables.secret import Secret
from core.tables.shard import FENCING, Shard
from core.tables.sweep import Sweep
from core.tables.worker import Worker

__all__ = [
    "DEFAULT_PROJECT",
    "FENCING",
    "ApiKey",
    "Behavior",
    "CachedTurn",
    "Chain",
    "Checkpoint",
    "Dataset",
    "Distillation",
    "Evaluation",
    "EvaluationAnswer",
    "Event",
    "File",
    "IdempotencyKey",
    "Pair",
    "PairLoss",
    "Project",
    "Prompt",
    "Push",
    "ReferenceLogProb",
    "Review",
    "Run",
    "RunMetric",
    "Score",
    "Scorer",
    "Secret",
    "Shard",
    "Sweep",
    "Table",
    "Worker",
]
