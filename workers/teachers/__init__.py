"""Teachers: models that draft, criticise and revise, and models that answer evaluation prompts."""

import asyncio
from importlib.util import find_spec

from workers.teachers.served import ServedTeacher
from workers.teachers.teacher import Teacher

# What each engine needs to be installed.
ENGINES = {"vllm": "vllm", "transformers": "torch"}


async def load_teacher(config_engine: str, model: str) -> Teacher:
    """Load a model in an engine: vllm, transformers, or auto, which is vLLM where it is installed.

    Raises EngineDied when the engine does not come up, BadInput for a model or an engine it cannot load.
    """
    engine = choose_engine(config_engine)
    return await asyncio.to_thread(ServedTeacher, engine, model)


def choose_engine(config_engine: str) -> str:
    """The engine that `auto` stands for here; any other name stands for itself."""
    if config_engine != "auto":
        return config_engine
    return next(engine for engine, package in ENGINES.items() if find_spec(package) is not None)
