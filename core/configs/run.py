"""What `POST /runs` asks for."""

from typing import Literal

from pydantic import Field

from core.configs.config import Config
from core.configs.names import Metadata, ModelName
from core.configs.reporting import ReportingConfig
from core.configs.reward import RewardConfig
from core.configs.sampling import Sampling
from core.methods.choice import MethodChoice
from core.methods.rdpo import RdpoConfig


class LoraConfig(Config):
    """Low-rank adaptation (arXiv 2106.09685)."""

    rank: int = Field(16, ge=1, le=1024)
    alpha: float = Field(32.0, gt=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    targets: tuple[str, ...] = Field(
        (), description="names of modules of the text model; empty: all linear layers of its blocks"
    )


class EarlyStoppingConfig(Config):
    """When a training ends before its last step. It looks at what `best` names, or at the loss."""

    patience: int = Field(3, ge=1, le=10_000, description="validations without a better one that end the training")
    min_delta: float = Field(0.0, ge=0, le=1e6, description="what a validation must be better by to count as better")


class TrainingConfig(Config):
    """How the student is trained; batch sizes count pairs."""

    mode: Literal["full", "lora", "qlora"] = Field(
        "full", description="qlora: adapters on weights held in 4 bits; needs a CUDA GPU and bitsandbytes"
    )
    lora: LoraConfig = LoraConfig()
    epochs: int = Field(1, ge=1, le=1000)
    learning_rate: float = Field(5e-6, gt=0, le=1)
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup_ratio: float = Field(0.1, ge=0, le=1)
    weight_decay: float = Field(0.0, ge=0, le=1)
    max_grad_norm: float = Field(1.0, gt=0)
    batch_size: int = Field(16, ge=1, le=65_536, description="pairs in one optimizer step")
    micro_batch_size: int | None = Field(
        None, ge=1, le=65_536, description="pairs in one forward pass; left out: as many as micro_batch_tokens holds"
    )
    micro_batch_tokens: int = Field(
        8192, ge=8, le=100_000_000, description="tokens in one forward pass, unless a single pair has more"
    )
    max_length: int = Field(2048, ge=8, le=1_000_000, description="tokens of prompt and answer together")
    gradient_checkpointing: bool = Field(
        False, description="compute the activations of each block anew for its gradient: less memory, more time"
    )
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    seed: int = Field(0, ge=0, lt=2**63)
    checkpoint_steps: int = Field(100, ge=1, description="steps between two checkpoints")
    keep_checkpoints: int = Field(3, ge=2, description="newest checkpoints kept on disk, beside the best one")
    eval_steps: int | None = Field(
        None, ge=1, description="steps between two validations; left out: at the end of each epoch alone"
    )
    best: Literal["loss", "accuracy"] | None = Field(
        None, description="the tuned model has the weights of the best validation by this; left out: those of the end"
    )
    early_stopping: EarlyStoppingConfig | None = Field(
        None, description="end the training when validations get no better; left out: it takes every step"
    )
    pair_losses: bool = Field(True, description="note loss and margin of every pair under the tuned model")
    anchors: bool = Field(
        False,
        description="identical pairs, which the teacher left as they were, serve the SFT term too; needs sft_weight",
    )
    pair_weights: bool = Field(
        False, description="multiply what a pair adds to the loss by the weight its line was imported with"
    )
    log_steps: int = Field(1, ge=1, description="steps between two rows of metrics")


class EvaluationConfig(Config):
    """How the tuned model is compared with the untuned one on the held-out prompts."""

    enabled: bool = True
    prompts: int | None = Field(None, ge=1, description="at most so many evaluation prompts per behavior")
    samples_per_prompt: int = Field(1, ge=1, le=64)
    sampling: Sampling | None = Field(None, description="left out: the teacher's sampling")
    engine: Literal["auto", "vllm", "transformers"] = "auto"
    scorers: tuple[RewardConfig, ...] = Field(
        (), description="left out: the dataset's reward, and the rule of each behavior that names one"
    )


class RunConfig(Config):
    """A run: a finished dataset, a student, a method."""

    dataset: str = Field(min_length=1, max_length=100, description="id of a completed dataset")
    student: ModelName | None = None
    method: MethodChoice = MethodChoice(rdpo=RdpoConfig())
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    reporting: ReportingConfig = ReportingConfig()
    dry_run: bool = Field(False, description="look and tell what it would take; nothing is trained or evaluated")
    metadata: Metadata
