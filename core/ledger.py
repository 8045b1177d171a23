"""A claim: the right to work on one shard, until the lease runs out or somebody else takes the token."""

from dataclasses import dataclass, fields

DRAFT = "draft"  # role of a shard that scores drafts while their chains still go on


@dataclass(frozen=True)
class Claim:
    """What a worker holds. Every write under it goes through `core.queries.shards.guard` with `token`."""

    shard_id: int
    token: int
    stage: str
    project_id: str
    dataset_id: str
    run_id: str | None
    role: str | None
    model: str
    first: int
    last: int
    total: int
    attempts: int


@dataclass(frozen=True)
class Spent:
    """What was asked of teachers and judges: tokens read and sampled, money, and turns that the cache served."""

    prompt_tokens: int = 0
    tokens: int = 0
    usd: float = 0.0
    hits: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))
