"""A budget of money: every model that is paid for has its prices."""

from collections.abc import Sequence

from core.configs.dataset import DatasetConfig
from core.errors import BadInput
from core.settings import settings


def check_budget(config: DatasetConfig, *, at: str) -> None:
    """Raises BadInput where a limit in USD would be blind: a teacher or judge without prices seems to cost nothing."""
    if config.budget.usd is None:
        return
    blind = unpriced(config)
    if blind:
        raise BadInput(
            f"A budget in USD needs the prices of {', '.join(map(repr, blind))}: set price_input and price_output in "
            "BURNISH_MODELS, or limit tokens or seconds instead.",
            param=f"{at}budget.usd",
        )


def unpriced(config: DatasetConfig) -> list[str]:
    """The teacher and judges of which the operator says not what they cost."""
    judges = [reward.judge for reward in config.reward if reward.kind == "judge"]
    models = [one for one in (config.teacher, *judges) if one.model and None in _prices(one.names)]
    return list(dict.fromkeys(str(one.model) for one in models))


def _prices(names: Sequence[str]) -> tuple[float | None, float | None]:
    found = settings().model(*names)
    return found.price_input, found.price_output
