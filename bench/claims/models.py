"""The models of the miniature world, each loaded once in a process; the student anew for each training."""

from functools import cache

import torch
from transformers import AutoTokenizer, LlamaForCausalLM, LlamaForSequenceClassification, PreTrainedTokenizerFast

from core.configs.run import TrainingConfig
from tiny.architecture import FOLDER
from tiny.corpus import Encoder
from trainer import student as school
from trainer.student import Student

TEACHER, STUDENT = "tiny-teacher", "tiny-student"
NAMES = (TEACHER, STUDENT, "tiny-reward")
CPU = torch.device("cpu")


@cache
def encoder() -> Encoder:
    """Chats to tokens; all three models have one vocabulary."""
    tokenizer = AutoTokenizer.from_pretrained(FOLDER / STUDENT)
    assert isinstance(tokenizer, PreTrainedTokenizerFast)
    return Encoder(tokenizer)


@cache
def speaker(name: str) -> LlamaForCausalLM:
    """Who writes the pairs: the teacher, or the student as it is before any training."""
    found: LlamaForCausalLM = LlamaForCausalLM.from_pretrained(FOLDER / name, dtype=torch.float32).eval()
    return found


@cache
def reward() -> LlamaForSequenceClassification:
    """Who scores them."""
    kind = LlamaForSequenceClassification
    found: LlamaForSequenceClassification = kind.from_pretrained(FOLDER / "tiny-reward", dtype=torch.float32).eval()
    return found


def student(config: TrainingConfig) -> Student:
    """The untuned student, as a run loads it."""
    return school.load(FOLDER / STUDENT, config, CPU)


def speaking(learner: Student) -> LlamaForCausalLM:
    """The model of a student, ready to answer."""
    found: LlamaForCausalLM = learner.model.eval()
    return found
