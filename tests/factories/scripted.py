"""The one scripted teacher of every generating desk."""

import pytest

from tests.fakes.teacher import ScriptedTeacher, identify
from workers import engine_slot, generation


def seated(monkeypatch: pytest.MonkeyPatch) -> ScriptedTeacher:
    """It counts what it is asked for."""
    one = ScriptedTeacher()

    async def load_teacher(*_: object, **__: object) -> ScriptedTeacher:
        return one

    monkeypatch.setattr(engine_slot, "load_teacher", load_teacher)
    monkeypatch.setattr(generation, "identify", identify)
    return one
