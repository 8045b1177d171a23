"""What a dataset may cost at most."""

from pydantic import Field

from core.configs.config import Config


class BudgetConfig(Config):
    """Where a limit is reached no further chain is begun; what is finished is scored, paired and kept."""

    tokens: int | None = Field(None, ge=1, description="prompt and sampled tokens of teacher and judges together")
    usd: float | None = Field(None, gt=0, description="money, by the prices in the operator's model settings")
    seconds: float | None = Field(
        None, gt=0, description="while a worker holds a part of it; pauses and waits take none"
    )

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return any(limit is not None for limit in (self.tokens, self.usd, self.seconds))
