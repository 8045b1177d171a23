"""Rules by name; `core.configs.rules` lists the same names for the door."""

from collections.abc import Callable

from workers.rewards.reward import Answer, Missing
from workers.rewards.rules.expected import expected
from workers.rewards.rules.helpful import helpful
from workers.rewards.rules.length import length
from workers.rewards.rules.refusal import refusal

FUNCTIONS: dict[str, Callable[[Answer], float | Missing]] = {
    "expected": expected,
    "refusal": refusal,
    "helpful": helpful,
    "length": length,
}
