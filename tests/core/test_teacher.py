"""The key of a teacher, which shards are claimed by, and what people see of it."""

import pytest

from core.configs.reward import RewardConfig
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


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://API.example.com/v1", "api.example.com"),
        ("https://api.example.com:443/v1", "api.example.com"),
        ("https://api.example.com:80/v1", "api.example.com:80"),
        ("http://127.0.0.1:8001", "127.0.0.1:8001"),
        ("http://[::1]:80/v1", "[::1]"),
    ],
)
def test_a_model_behind_an_endpoint_goes_by_its_host_before_it_goes_by_its_name(base_url: str, host: str) -> None:
    teacher = ModelConfig(engine="openai", model="big", base_url=base_url)
    assert teacher.names == (f"big@{host}", "big")
    assert RewardConfig(kind="judge", **teacher.model_dump()).names == teacher.names


def test_a_model_that_is_loaded_here_goes_by_its_name() -> None:
    assert ModelConfig(model="tiny-teacher").names == ("tiny-teacher",)
    assert ModelConfig().names == RewardConfig(kind="rule", rule="length").names == ()
    assert RewardConfig(model="a-reward").names == ("a-reward",)
