"""A budget of money: every model that is paid for has its prices."""

from core.configs.dataset import DatasetConfig
from core.errors import BadInput
from core.settings import settings


def check_budget(config: DatasetConfig, *, at: str) -> None:
    """Raises BadInput where a limit in USD would be blind: a teacher or judge without prices seems to cost nothing."""
    if config.budget.usd is None:
        return
    models = [config.teacher.model, *(reward.model for reward in config.reward if reward.kind == "judge")]
    blind = [name for name in models if name and None in _prices(name)]
    if blind:
        raise BadInput(
            f"A budget in USD needs the prices of {', '.join(map(repr, blind))}: set price_input and price_output in "
            "BURNISH_MODELS, or limit tokens or seconds instead.",
            param=f"{at}budget.usd",
        )


def _prices(model: str) -> tuple[float | None, float | None]:
    found = settings().model(model)
    return found.price_input, found.price_output
