"""What training is reckoned to hold, with activations kept and computed anew."""

import copy
from dataclasses import replace

import torch
from transformers import LlamaConfig

from tests.factories.families import SMALL, student_of
from trainer.cutting import Cutting
from trainer.memory import Load, MemoryWatch, Parts, reckon
from trainer.sharing import share
from trainer.student import Student

LAYERS = 8
LOAD = Load(tokens=2_000, answers=100)
CUTTING = Cutting(10_000, form="pieces")


def deep() -> Student:
    """A student of many layers, which shares prompts."""
    found = student_of(LlamaConfig(**SMALL | {"num_hidden_layers": LAYERS}))
    assert share(found, longest=256) is None
    return found


def reckoned(student: Student) -> Parts:
    return reckon(student, CUTTING, LOAD, MemoryWatch.begin(torch.device("cpu")))


def test_activations_that_are_computed_anew_are_those_of_one_layer_and_the_inputs_of_all() -> None:
    student = deep()
    twin = replace(student, model=copy.deepcopy(student.model))
    twin.model.gradient_checkpointing_enable({"use_reentrant": False})
    kept, anew = reckoned(student), reckoned(twin)
    layer = kept.activations / (LAYERS + 1)
    inputs = LAYERS * LOAD.tokens * SMALL["hidden_size"] * 4
    assert layer + inputs < anew.activations < 2 * (layer + inputs) < kept.activations
    others = ("weights", "gradients", "optimizer", "logits")
    assert all(getattr(kept, name) == getattr(anew, name) for name in others)
