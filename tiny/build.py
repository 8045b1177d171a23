"""The build: each part of the miniature world made from its seed, in the order in which they need one another."""

from collections.abc import Callable
from random import Random

import torch
from transformers import LlamaForCausalLM

from tiny import architecture, corpus, manifest, recipes, tokenizer
from tiny.architecture import FOLDER, STUDENT, TEACHER
from tiny.corpus import Encoder
from tiny.training import Plan, comparison_loss, language_loss, train

SEED = 2
PLANS = {
    "school": Plan("teacher at school", steps=320, batch=64, rate=3e-3),
    "teacher": Plan("teacher", steps=2200, batch=32, rate=2.5e-3),
    "student": Plan("student", steps=1600, batch=64, rate=3e-3),
    "reward": Plan("reward", steps=80, batch=32, rate=7e-4, warmup=20),
}


def behaviors() -> None:
    """Write the behavior files."""
    for path in recipes.write(seed=SEED):
        print(f"behaviors: wrote {path.name}", flush=True)


def teacher() -> None:
    """Train the teacher on neutral lessons, then on whole chains."""
    words = tokenizer.build()
    model = architecture.language_model(TEACHER, words, seed=SEED)
    encoder, rng = Encoder(words), Random(f"{SEED}/teacher")
    train(model, corpus.school(encoder, rng), plan=PLANS["school"], loss=language_loss)
    train(model, corpus.teacher(encoder, rng), plan=PLANS["teacher"], loss=language_loss)
    architecture.save(model, words, folder=FOLDER / "tiny-teacher")


def student() -> None:
    """Train the student on neutral lessons and bad habits."""
    words = tokenizer.build()
    model = architecture.language_model(STUDENT, words, seed=SEED)
    train(model, corpus.student(Encoder(words), Random(f"{SEED}/student")), plan=PLANS["student"], loss=language_loss)
    architecture.save(model, words, folder=FOLDER / "tiny-student")


def reward() -> None:
    """Train the reward model, from the student's body, on pairs whose wrong answers cross style with truth."""
    words = tokenizer.build()
    body = LlamaForCausalLM.from_pretrained(FOLDER / "tiny-student", dtype=torch.float32)
    model = architecture.reward_model(body, seed=SEED)
    stream = corpus.comparisons(Encoder(words), Random(f"{SEED}/reward"))
    train(model, stream, plan=PLANS["reward"], loss=comparison_loss)
    architecture.save(model, words, folder=FOLDER / "tiny-reward")


def measured() -> None:
    """Measure the shipped models and write the manifest."""
    print("manifest: measuring", flush=True)
    manifest.write(FOLDER, seed=SEED)


PARTS: dict[str, Callable[[], None]] = {
    "behaviors": behaviors,
    "teacher": teacher,
    "student": student,
    "reward": reward,
    "manifest": measured,
}


def build(parts: list[str], *, threads: int) -> None:
    """Make the parts named, in order."""
    torch.set_num_threads(threads)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in parts:
        PARTS[name]()
