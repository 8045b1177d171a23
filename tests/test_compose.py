"""The compose file and the Dockerfile name only what exists: commands, modules, settings, build targets, volumes."""

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from core.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OWN = [name for name, service in SERVICES.items() if "build" in service]
# What the file decides, by process: `.env` says nothing about it.
PLACES = {"BURNISH_DATABASE_URL", "BURNISH_BROKER_URL", "BURNISH_DATA_DIR"}
DECIDED = dict.fromkeys(OWN, PLACES) | {"api": PLACES | {"BURNISH_HOST", "BURNISH_PORT"}}
VARIABLE = re.compile(r"\$\{(\w+)(:?[-?])([^${}]*)\}")

DURATION = {"type": "string", "pattern": r"^\d+(ms|s|m|h)$"}
WORDS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
SIZE = {"type": "string", "pattern": r"^\d+(b|k|m|g|kb|mb|gb)$"}
DEVICE = {
    "type": "object",
    "properties": {
        "driver": {"type": "string"},
        "count": {"type": ["string", "integer"]},
        "device_ids": WORDS,
        "capabilities": WORDS,
        "options": {"type": "object"},
    },
    "required": ["capabilities"],
    "not": {"required": ["count", "device_ids"]},
    "additionalProperties": False,
}
CONDITIONS = ["service_started", "service_healthy", "service_completed_successfully"]
SERVICE = {
    "type": "object",
    "properties": {
        "image": {"type": "string"},
        "build": {
            "type": "object",
            "properties": {
                "context": {"type": "string"},
                "dockerfile": {"type": "string"},
                "target": {"type": "string"},
            },
            "additionalProperties": False,
        },
        "command": WORDS,
        "init": {"type": "boolean"},
        "user": {"type": "string"},
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "cap_drop": WORDS,
        "security_opt": WORDS,
        "env_file": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "required": {"type": "boolean"}},
                "required": ["path"],
                "additionalProperties": False,
            },
        },
        "environment": {"type": "object", "additionalProperties": {"type": ["string", "number", "null"]}},
        "volumes": WORDS,
        "tmpfs": WORDS,
        "ports": WORDS,
        "shm_size": SIZE,
        "stop_grace_period": DURATION,
        "depends_on": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"condition": {"enum": CONDITIONS}},
                "required": ["condition"],
                "additionalProperties": False,
            },
        },
        "healthcheck": {
            "type": "object",
            "properties": {
                "test": {"type": "array", "prefixItems": [{"enum": ["CMD", "CMD-SHELL"]}], "items": {"type": "string"}},
                "interval": DURATION,
                "timeout": DURATION,
                "start_period": DURATION,
                "retries": {"type": "integer"},
            },
            "required": ["test"],
            "additionalProperties": False,
        },
        "deploy": {
            "type": "object",
            "properties": {
                "resources": {
                    "type": "object",
                    "properties": {
                        "reservations": {
                            "type": "object",
                            "properties": {"devices": {"type": "array", "items": DEVICE}},
                            "additionalProperties": False,
                        }
                    },
                    "additionalProperties": False,
                }
            },
            "additionalProperties": False,
        },
    },
    "required": ["image"],
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "services": {"type": "object", "additionalProperties": SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"type": "null"}},
    },
    "patternProperties": {"^x-": {}},
    "required": ["services"],
    "additionalProperties": False,
}


def commands() -> list[tuple[str, list[str]]]:
    """Every command our own images run, health checks too."""
    found = [(name, SERVICES[name]["command"]) for name in OWN]
    return found + [
        (name, SERVICES[name]["healthcheck"]["test"][1:]) for name in OWN if "healthcheck" in SERVICES[name]
    ]


def test_the_file_has_the_form_of_the_compose_specification() -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(COMPOSE)


def test_every_process_is_there() -> None:
    workers = {"worker-generate", "worker-score", "worker-train"}
    assert set(SERVICES) == {"postgres", "valkey", "migrate", "api", "sweep", *workers}


@pytest.mark.parametrize(("service", "command"), commands())
def test_every_command_exists(service: str, command: list[str]) -> None:
    if command[:2] == ["python", "-m"]:
        spec = importlib.util.find_spec(command[2])
        assert spec is not None
        assert spec.submodule_search_locations is None or importlib.util.find_spec(f"{command[2]}.__main__") is not None
    elif command[:2] == ["python", "-c"]:
        compile(command[2], service, "exec")
    else:
        assert (ROOT / ".venv" / "bin" / command[0]).exists() or shutil.which(command[0])


@pytest.mark.parametrize("service", OWN)
def test_every_setting_exists(service: str) -> None:
    names = [name for name in SERVICES[service]["environment"] if name.startswith("BURNISH_")]
    assert "BURNISH_DATABASE_URL" in names
    assert {name.removeprefix("BURNISH_").lower() for name in names} <= set(Settings.model_fields)


def filled(value: str, given: Mapping[str, str]) -> str:
    """A value with its variables filled in as Compose does it: the inner ones of a default first."""
    while (found := VARIABLE.search(value)) is not None:
        name, sign, rest = found.groups()
        own = given.get(name)
        kept = own if own is not None and (own or not sign.startswith(":")) else None
        assert kept is not None or sign.endswith("-"), f"{name}: {rest}"
        value = value[: found.start()] + (rest if kept is None else kept) + value[found.end() :]
    return value


def environment(service: str, **env_file: str) -> dict[str, str]:
    """What a service is told: the lines of `.env`, and before them what the file itself says."""
    given = {"POSTGRES_PASSWORD": "secret", "VALKEY_PASSWORD": "secret"} | env_file
    through = given if {"path": ".env", "required": False} in SERVICES[service].get("env_file", []) else {}
    return through | {name: filled(value, given) for name, value in SERVICES[service]["environment"].items()}


def read(monkeypatch: pytest.MonkeyPatch, service: str, **env_file: str) -> Settings:
    """The settings of a service."""
    for name, value in environment(service, **env_file).items():
        monkeypatch.setenv(name, value)
    return Settings()


@pytest.mark.parametrize("service", OWN)
def test_the_settings_are_valid(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(read(monkeypatch, service).data_dir) == "/data"


@pytest.mark.parametrize("service", OWN)
def test_every_setting_of_the_guide_reaches_every_process_from_the_file_of_settings(service: str) -> None:
    for name in (f"BURNISH_{field.upper()}" for field in Settings.model_fields):
        told = environment(service, **{name: "of the operator"}).get(name)
        assert (told == "of the operator") is (name not in DECIDED[service]), (name, told)


def test_settings_of_the_file_are_read_as_they_stand_there(monkeypatch: pytest.MonkeyPatch) -> None:
    models = '{"big": {"tensor_parallel": 4, "price_input": 1.5}}'
    told = read(
        monkeypatch, "worker-score", BURNISH_MODELS=models, BURNISH_HUB_TOKEN="hf_x", BURNISH_SCORERS_APART="true"
    )
    assert (told.model("big").tensor_parallel, told.model("big").price_input) == (4, 1.5)
    assert told.hub_token is not None
    assert told.hub_token.get_secret_value() == "hf_x"
    assert told.scorers_apart


def test_the_settings_reach_nobody_but_our_own_processes() -> None:
    assert {name for name, service in SERVICES.items() if "env_file" in service} == set(OWN)


def devices(**env_file: str) -> list[str]:
    """The shared device of teacher, scorer and trainer."""
    workers = ("worker-generate", "worker-score", "worker-train")
    return [environment(name, **env_file)["BURNISH_SHARED_DEVICE"] for name in workers]


def test_workers_of_one_gpu_take_turns_on_it_and_those_of_others_do_not() -> None:
    assert devices() == ["gpu-0", "gpu-0", "gpu-0"]
    assert devices(TRAIN_GPU="1") == ["gpu-0", "gpu-0", "gpu-1"]
    assert devices(GENERATE_GPU="0", SCORE_GPU="1", TRAIN_GPU="2") == ["gpu-0", "gpu-1", "gpu-2"]


@pytest.mark.parametrize("own", ["a name", ""])
def test_what_the_operator_says_about_the_shared_device_holds(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert devices(BURNISH_SHARED_DEVICE=own, TRAIN_GPU="1") == [own] * 3
    assert read(monkeypatch, "worker-train", BURNISH_SHARED_DEVICE=own).shared_device == own


def test_passwords_have_no_default() -> None:
    variables = re.findall(r"\$\{(\w*PASSWORD\w*)([^}]*)\}", TEXT)
    assert variables
    assert all(rest.startswith(":?") for _, rest in variables)


def test_every_referenced_thing_is_declared() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        named = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert named <= set(COMPOSE["volumes"]), name


def modules_of_the_light_image() -> list[str]:
    """What the image without torch runs."""
    light = [name for name in OWN if SERVICES[name]["build"]["target"] == "api"]
    found = [command[2] for name, command in commands() if name in light and command[:2] == ["python", "-m"]]
    return sorted({*found, "api.main", "api.first_key"} - {"api"})


def test_the_image_without_torch_can_run_its_processes() -> None:
    absent = ["accelerate", "peft", "safetensors", "tokenizers", "torch", "transformers", "trl", "vllm"]
    code = f"import sys; sys.modules.update(dict.fromkeys({absent})); import {', '.join(modules_of_the_light_image())}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_build_target_exists() -> None:
    targets = set(re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.MULTILINE))
    assert {SERVICES[name]["build"]["target"] for name in OWN} == {"api", "gpu"} <= targets


def test_the_images_run_as_an_ordinary_account() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[2:]
    assert stages
    assert all(re.search(r"^USER burnish$", stage, re.MULTILINE) for stage in stages)


def test_what_the_images_install_exists() -> None:
    for file in re.findall(r"-c (\S+)", DOCKERFILE):
        assert (ROOT / file).exists()
    assert '".[vllm]"' in DOCKERFILE


def test_long_lived_services_say_whether_they_are_healthy() -> None:
    assert [name for name, service in SERVICES.items() if "healthcheck" not in service] == ["migrate"]


def test_the_workers_reserve_a_gpu() -> None:
    for name in ("worker-generate", "worker-score", "worker-train"):
        devices = SERVICES[name]["deploy"]["resources"]["reservations"]["devices"]
        assert devices[0]["driver"] == "nvidia"
        assert devices[0]["capabilities"] == ["gpu"]
