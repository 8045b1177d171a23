"""A claim: the right to work on one shard, until the lease runs out or somebody else takes the token."""

from dataclasses import dataclass


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
