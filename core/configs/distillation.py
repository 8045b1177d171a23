"""What `POST /distillations` asks for: a dataset, a run on it, its evaluation, in one request."""

from core.configs.config import Config
from core.configs.dataset import DatasetConfig
from core.configs.names import Metadata, ModelName
from core.configs.reporting import ReportingConfig
from core.configs.run import EvaluationConfig, TrainingConfig
from core.methods.choice import MethodChoice
from core.methods.rdpo import RdpoConfig


class DistillationConfig(Config):
    """The dataset as in POST /datasets; the rest as in POST /runs, whose `dataset` is filled in when it completes."""

    dataset: DatasetConfig
    student: ModelName | None = None
    method: MethodChoice = MethodChoice(rdpo=RdpoConfig())
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    reporting: ReportingConfig = ReportingConfig()
    metadata: Metadata
