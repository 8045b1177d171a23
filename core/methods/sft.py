"""Supervised fine-tuning on the chosen answers."""

from typing import ClassVar

from core.methods.method import Hyperparameters, Method


class SftConfig(Hyperparameters):
    """It has no hyperparameters of its own."""

    facts: ClassVar[Method] = Method(
        name="sft",
        needs_reference=False,
        needs_scores=False,
        summary="imitates the chosen answers; the rejected ones are only measured, in validations and at the end",
        averaged=True,
        reads_rejected=False,
    )
