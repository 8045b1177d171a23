"""One frozen settings object, read once from the environment (prefix BURNISH_) and `.env`."""

import os
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.configs.model import ModelSettings
from core.configs.reporting import ReporterName
from core.redaction import hide

ROOT = Path(__file__).resolve().parent.parent
_READING = threading.Lock()
HostPort = Annotated[str, StringConstraints(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$")]


class Settings(BaseSettings):
    """Every setting there is; `docs/operations.md` holds the same table and a test compares the two."""

    model_config = SettingsConfigDict(env_prefix="BURNISH_", frozen=True, extra="ignore", env_file=".env")

    # Where things are
    database_url: str | None = Field(None, description="PostgreSQL URL; unset: the embedded server is started")
    broker_url: str | None = Field(None, description="Redis-protocol URL; unset: the embedded Valkey is started")
    data_dir: Path = Field(Path(".burnish"), description="embedded databases, artifacts, logs")
    model_roots: tuple[Path, ...] = Field(
        (ROOT / "tiny" / "models",), description="folders whose sub-folders may be named as models"
    )
    data_roots: tuple[Path, ...] = Field(
        (), description="folders whose parquet files may be named as sources of prompts; none: no path can be named"
    )
    hub_endpoint: str = Field("https://huggingface.co", description="hub that datasets are read from and pushed to")
    hub_token: SecretStr | None = Field(None, description="token for pushes whose request names no secret")
    hub_seconds: float = Field(60.0, gt=0, description="longest silence of the hub within one request")
    behavior_dirs: tuple[Path, ...] = Field(
        (ROOT / "behaviors",), description="folders of behavior files loaded into a new ledger"
    )

    secret_key: SecretStr | None = Field(
        None, description="key that stored secrets are sealed under (Fernet); unset: the data folder's own"
    )

    # The door
    host: str = Field("127.0.0.1", description="address the API binds to")
    port: int = Field(8000, ge=1, le=65535, description="port the API binds to")
    allowed_hosts: tuple[str, ...] = Field(
        ("127.0.0.1", "localhost", "::1", "api"), description="Host headers that are answered"
    )
    max_body_bytes: int = Field(32 << 20, description="largest request body, in bytes")
    max_file_bytes: int = Field(8 << 30, ge=1, description="largest uploaded file, in bytes")
    max_prompts: int = Field(1_000_000, description="most prompts one dataset may have")
    max_sweep_runs: int = Field(64, ge=1, description="most runs that the grid of one request may make")
    idempotency_hours: int = Field(24, description="how long an Idempotency-Key is remembered")
    sse_heartbeat_seconds: float = Field(15.0, description="silence after which a live stream sends a heartbeat")
    max_streams: int = Field(100, ge=1, description="live event streams and exports one API process serves at once")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_format: str = Field("console", description="console or json")

    # Defaults of requests
    default_teacher: str = Field("tiny-teacher", description="teacher of a dataset that names none")
    default_reward: str = Field("tiny-reward", description="reward model of a dataset that names none")
    default_student: str = Field("tiny-student", description="student of a run that names none")

    models: dict[str, ModelSettings] = Field(
        {},
        description="settings of single models by their name, or as name@host behind one endpoint, as JSON: "
        "engine options, prices, limits, licence",
    )

    # Work
    lease_seconds: float = Field(60.0, gt=0, description="how long a claim holds without a beat")
    beat_seconds: float = Field(15.0, gt=0, description="pause between two beats of a worker")
    sweep_seconds: float = Field(10.0, gt=0, description="pause between two sweeps")
    relay_seconds: float = Field(0.25, gt=0, description="pause between two looks for work that was not rung")
    poll_seconds: float = Field(5.0, gt=0, description="pause between two looks of a worker that nobody rang")
    max_attempts: int = Field(
        3, ge=1, description="claims after which a shard is split, and a single prompt quarantined"
    )
    retry_seconds: float = Field(
        2.0, ge=0, description="first pause before a shard is claimed again; doubles each time"
    )
    shard_prompts: int = Field(64, ge=1, description="prompts in one shard")
    chains_in_flight: int = Field(64, ge=1, description="answers one generating worker has its engine give at once")
    micro_batch_rows: int = Field(64, ge=1, description="finished rows that are written together at most")
    micro_batch_seconds: float = Field(0.5, gt=0, description="longest wait of a finished row before it is written")

    cache_days: float = Field(90.0, gt=0, description="turns that nobody used for so many days are forgotten")

    # Engines
    engine_load_seconds: float = Field(900.0, gt=0, description="longest load of an engine before it counts as dead")
    engine_answer_seconds: float = Field(600.0, gt=0, description="longest answer before the engine counts as hung")
    allowed_endpoints: tuple[HostPort, ...] = Field(
        (), description='endpoints that are not at public addresses and may be asked all the same, as "host:port"'
    )
    endpoint_connect_seconds: float = Field(10.0, gt=0, description="longest wait for a connection to an endpoint")
    endpoint_answer_seconds: float = Field(120.0, gt=0, description="longest single answer of an endpoint")
    endpoint_retry_seconds: float = Field(
        0.5, ge=0, description="first pause before an endpoint is asked again, at random below it; doubles each time"
    )
    endpoint_tries: int = Field(4, ge=1, description="times that an endpoint is asked for one answer in a row")
    vllm_kv_cache_gib: int = Field(1, ge=1, description="KV cache of a vLLM engine on CPU, in GiB")
    vllm_gpu_memory: float = Field(0.85, gt=0, le=1, description="share of the GPU's memory a vLLM engine takes")
    vllm_block_size: int = Field(32, description="tokens in one KV-cache block")
    vllm_enforce_eager: bool = Field(True, description="skip compilation: quick start, slower decoding on GPU")
    scorers_apart: bool = Field(
        False, description="scoring workers have a device of their own: drafts are scored while chains go on"
    )
    shared_device: str | None = Field(
        None,
        description="name of the one device that workers with this setting take turns on; "
        "unset: none, under `burnish up` and Docker the GPU",
    )
    turn_seconds: float = Field(
        300.0, gt=0, description="how long a worker may keep its model, or the shared device, while others wait"
    )
    scoring_batch: int = Field(64, ge=1, description="answers scored in one forward pass")

    # Training
    trainer_processes: int = Field(0, ge=0, description="processes of one run; 0: one for each GPU, or one on CPU")
    trainer_nodes: int = Field(1, ge=1, description="machines of one run")
    trainer_rendezvous: str | None = Field(
        None, description="host:port of torchrun's rendezvous when several nodes train"
    )
    free_disk_factor: float = Field(2.0, ge=1, description="free space asked for, in sizes of one checkpoint")

    # Reports of runs to elsewhere
    reporters: tuple[ReporterName, ...] = Field(
        (), description="where runs may report to, of tensorboard, wandb and mlflow; none: nowhere"
    )
    reports_dir: Path | None = Field(
        None, description="folder of TensorBoard's event files and of W&B's; unset: `reports` in the data folder"
    )
    reports_project: str = Field(
        "burnish", min_length=1, description="project of W&B, and experiment of MLflow, that runs are reported to"
    )
    reports_seconds: float = Field(
        20.0, gt=0, description="longest wait for a place that is reported to, at the end of a training"
    )
    wandb_api_key: SecretStr | None = Field(None, description="key for W&B; unset: the environment's WANDB_API_KEY")
    mlflow_uri: str | None = Field(None, description="tracking URI of MLflow; has to be set where mlflow may be named")
    public_url: str | None = Field(
        None, description="address at which users reach the dashboard; reports link to the run's page there"
    )

    @model_validator(mode="after")
    def _mlflow_is_somewhere(self) -> Self:
        if "mlflow" in self.reporters and self.mlflow_uri is None:
            raise ValueError("BURNISH_REPORTERS names mlflow; set BURNISH_MLFLOW_URI to its tracking URI")
        return self

    def model(self, *names: str) -> ModelSettings:
        """What the operator says about a model by the first of its names that is there; else nothing in particular."""
        return next((self.models[name] for name in names if name in self.models), ModelSettings())

    @property
    def trusted_roots(self) -> tuple[Path, ...]:
        """Folders that models are loaded from: the operator's roots, and what runs have made."""
        return (*self.model_roots, self.data_dir / "runs")


def settings() -> Settings:
    """The process's settings, read at the first call."""
    with _READING:
        return _read()


def reread() -> None:
    """Let the next call of `settings` read the environment again; no thread that reads it now brings back the old."""
    with _READING:
        _read.cache_clear()


@cache
def _read() -> Settings:
    found = Settings()
    for secret in (found.hub_token, found.wandb_api_key):
        if secret is not None:
            hide(secret.get_secret_value())
    if found.mlflow_uri is not None and (password := urlsplit(found.mlflow_uri).password):
        hide(password)
        hide(unquote(password))
    return found


def child_environment(extra: Mapping[str, str] | None = None, **changed: object) -> dict[str, str]:
    """The environment of a process we start: our own, with settings changed by name (`port=8001`) and `extra` added."""
    unknown = changed.keys() - Settings.model_fields.keys()
    if unknown:
        raise KeyError(f"no settings of these names: {', '.join(sorted(unknown))}")
    return {**os.environ, **{f"BURNISH_{name.upper()}": str(value) for name, value in changed.items()}, **(extra or {})}
