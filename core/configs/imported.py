"""What `POST /datasets/import` asks for."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from core.configs.behavior import BehaviorName
from core.configs.config import Config
from core.configs.dataset import DatasetConfig, SplitConfig, as_tuple, distinct_scorers
from core.configs.filters import FilterConfig
from core.configs.names import FileId, Metadata
from core.configs.reward import RewardConfig


class ImportConfig(Config):
    """Pairs from an uploaded file: scored, filtered, exported and trained on as any others."""

    file: FileId = Field(description="an uploaded file of pairs (POST /files)")
    behavior: BehaviorName | None = Field(
        None, description="what the pairs teach: runs are evaluated on its evaluation prompts; left out: no evaluation"
    )
    reward: Annotated[
        tuple[RewardConfig, ...],
        BeforeValidator(as_tuple),
        AfterValidator(distinct_scorers),
        Field(min_length=1, max_length=16),
    ] = Field(
        (RewardConfig(kind="given"),),
        description="given: the scores in the file; others score the pairs anew; the first one's stand on the pairs",
    )
    filters: FilterConfig = FilterConfig()
    split: SplitConfig = SplitConfig()
    seed: int = Field(0, ge=0, lt=2**63)
    metadata: Metadata

    def dataset(self) -> DatasetConfig:
        """The same as a dataset's config."""
        told = self.model_dump(exclude={"file", "behavior"})
        behavior = () if self.behavior is None else (self.behavior,)
        return DatasetConfig.model_validate(told | {"strategy": "import", "pairs": self.file, "behavior": behavior})
