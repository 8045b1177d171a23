"""The key of a teacher, which shards are claimed by, and what people see of it."""

import pytest

from core.configs.teacher import ModelConfig, shown


@pytest.mark.parametrize(
    ("config", "seen"),
    [
        (ModelConfig(model="tiny-teacher"), "tiny-teacher"),
        (
            ModelConfig(engine="openai", model="big", base_url="https://api.example.com/v1", secret="my-key"),
            "big at api.example.com",
        ),
        (
            ModelConfig(engine="openai", model="org/big", base_url="http://127.0.0.1:8001/v1"),
            "org/big at 127.0.0.1:8001",
        ),
        (ModelConfig(engine="openai", model="big", base_url="https://ada:pass@host/v1"), "big at host"),
    ],
)
def test_a_person_sees_model_and_host_and_never_a_secret(config: ModelConfig, seen: str) -> None:
    assert shown(config.key) == seen


def test_who_has_nothing_loaded_shows_nothing() -> None:
    assert (shown(None), shown("judge:a-judge")) == (None, "judge:a-judge")
