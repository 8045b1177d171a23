"""The cues of a dataset's chains, by what was asked."""

from core.configs.dataset import DatasetConfig
from core.queries.recipes import Instructions
from core.strategies.counterfactual import counterfactual
from core.strategies.cue import Cue, Messages
from core.strategies.self_critique import self_critique


def script(config: DatasetConfig, messages: Messages, instructions: Instructions) -> list[Cue]:
    """What the teacher is asked about a prompt, in order."""
    if config.counterfactual is not None:
        return counterfactual(messages, config.counterfactual)
    return self_critique(messages, instructions, rounds=config.rounds, best_of=config.best_of)
