"""A classifier as a reward model: raw logits, whatever the batch, and missing scores with their reason."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification

from core.configs.reward import RewardConfig
from core.errors import BadInput, EngineDied
from core.models import fingerprint
from tests.absence import may_skip
from tests.factories.models import classifier_model
from workers.chat import Chat
from workers.rewards import load_reward
from workers.rewards.classifier import Classifier
from workers.rewards.reward import Answer, Missing

ANSWERS = [
    Answer(({"role": "user", "content": question},), text, expect=None, guard=False)
    for question in ("Name the capital of France.", "Help me.")
    for text in ("Paris", "The capital of France is Paris. " * 5, "I am sorry.", "x" * 200, "")
]
vllm = pytest.mark.skipif(find_spec("vllm") is None and may_skip(), reason="vLLM is not installed here")
TOO_LONG = Answer(({"role": "user", "content": "Help me."},), "word " * 600, expect=None, guard=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return classifier_model(tmp_path_factory.mktemp("models") / "classifier")


@pytest.fixture(scope="module")
def logits(folder: Path) -> list[float]:
    """What the model says of each answer by itself."""
    model, chat = AutoModelForSequenceClassification.from_pretrained(folder).eval(), Chat(folder)
    with torch.inference_mode():
        return [
            float(model(torch.tensor([chat.whole([*a.messages, {"role": "assistant", "content": a.text}])])).logits)
            for a in ANSWERS
        ]


@pytest.fixture(
    scope="module",
    params=[
        "transformers",
        pytest.param("vllm", marks=vllm),
    ],
)
def reward(request: pytest.FixtureRequest, folder: Path) -> Iterator[Classifier]:
    reward = load_reward(RewardConfig(kind="classifier", engine=request.param, model=str(folder)))
    assert isinstance(reward, Classifier)
    yield reward
    reward.close()


def test_scores_are_raw_logits_in_the_order_of_the_answers(
    reward: Classifier, folder: Path, logits: list[float]
) -> None:
    scores = reward.score([ANSWERS[0], TOO_LONG, *ANSWERS[1:]])
    assert scores[1] == Missing("too_long")
    assert [scores[0], *scores[2:]] == pytest.approx(logits, abs=1e-4)
    assert max(logits) - min(logits) > 0.01
    assert reward.scorer == f"classifier:{folder}"
    assert reward.fingerprint == fingerprint(folder)
    assert reward.score([TOO_LONG]) == [Missing("too_long")]
    assert reward.score([]) == []


def test_a_score_that_is_no_number_is_missing_and_a_closed_engine_scores_nothing(tmp_path: Path) -> None:
    folder = classifier_model(tmp_path / "broken")
    weights = load_file(folder / "model.safetensors")
    save_file({**weights, "score.weight": weights["score.weight"] * torch.nan}, folder / "model.safetensors")
    reward = load_reward(RewardConfig(model=str(folder)))
    assert reward.score(ANSWERS[:2]) == [Missing("not_finite")] * 2
    reward.close()
    with pytest.raises(EngineDied, match="load it again"):
        reward.score(ANSWERS)


def test_a_model_with_two_labels_is_no_reward_model(tmp_path: Path) -> None:
    folder = classifier_model(tmp_path / "two", labels=2)
    with pytest.raises(BadInput, match="one label, this one has 2"):
        load_reward(RewardConfig(model=str(folder)))
