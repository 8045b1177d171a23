"""Teachers: models that draft, criticise and revise, and models that answer evaluation prompts."""

import asyncio
from importlib.util import find_spec

from core.configs.teacher import ModelConfig
from core.errors import BadInput
from workers.teachers.endpoint.lines import Lines
from workers.teachers.endpoint.teacher import EndpointTeacher
from workers.teachers.served import ServedTeacher
from workers.teachers.teacher import Teacher

# What each engine needs to be installed.
ENGINES = {"vllm": "vllm", "transformers": "torch"}


async def load_teacher(config: ModelConfig, *, api_key: str | None = None, lines: Lines | None = None) -> Teacher:
    """Load a model in its engine: vllm, transformers, auto (vLLM where it is installed), or reach it at an endpoint.

    `lines` hold what the worker knows of endpoints. Raises EngineDied when the engine does not come up, BadInput for a
    model or an engine it cannot load.
    """
    if config.engine == "openai":
        return EndpointTeacher(config, api_key=api_key, lines=lines)
    engine = choose_engine(config.engine)
    return await asyncio.to_thread(ServedTeacher, engine, str(config.model))


def choose_engine(config_engine: str) -> str:
    """The engine that `auto` stands for here; any other name stands for itself.

    Raises BadInput for one that is not installed.
    """
    installed = [engine for engine, package in ENGINES.items() if find_spec(package) is not None]
    wanted = installed if config_engine == "auto" else [engine for engine in installed if engine == config_engine]
    if not wanted:
        there = ", ".join(installed) or "none"
        raise BadInput(
            f"The engine {config_engine!r} is not installed on this worker (installed: {there}); "
            "install it, or ask for auto.",
            param="teacher.engine",
        )
    return wanted[0]
