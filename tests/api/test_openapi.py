"""Whatever the OpenAPI document allows (and what it does not) is answered as it says, never with a fault of ours."""

import contextlib
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.first_key import make_first_key
from api.main import create_door
from core.database import transaction
from core.settings import reread
from tests.factories import ledger, sweeps

EXAMPLES = 25
CONFORMANCE = [status_code_conformance, content_type_conformance, response_schema_conformance]


def populated(key: str) -> dict[str, str]:
    """A ledger with one of everything; the id to use under each path."""
    with transaction() as session:
        dataset = ledger.made_dataset(session).id
        run = ledger.run(session, dataset)
        sweep = sweeps.sweep(session, dataset, {"training.seed": [0, 1]}).id
        distillation = ledger.distillation(session)
    key_id = f"key_{key.split('_')[1]}x"  # the key in use is not to be revoked
    return {
        "/datasets": dataset,
        "/runs": run,
        "/sweeps": sweep,
        "/distillations": distillation,
        "/keys": key_id,
        "/behaviors": "polite",
    }


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_makes_a_fault_of_ours(world: object, monkeypatch: pytest.MonkeyPatch, mode: GenerationMode) -> None:
    monkeypatch.setenv("BURNISH_ALLOWED_HOSTS", '["*"]')
    reread()
    key = make_first_key()
    assert key is not None
    ids = populated(key)
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_door())
    tried = sum(_check(found.ok(), key, ids, mode) for found in schema.get_all_operations())
    assert tried >= 100


def _check(operation: Any, key: str, ids: dict[str, str], mode: GenerationMode) -> int:
    """Try requests of one operation, every other one at an object that exists; returns how many."""
    tried = 0

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Case) -> None:
        nonlocal tried
        tried += 1
        aim = next((id for path, id in ids.items() if operation.path.startswith(path)), None)
        if aim is not None and tried % 2:
            case.path_parameters = dict(case.path_parameters or {}) | {"id": aim, "name": aim}
        response = case.call(headers={"authorization": f"Bearer {key}"})
        assert response.status_code < 500, (case.method, case.path, response.text)
        case.validate_response(response, checks=CONFORMANCE)
        if response.status_code >= 400:
            assert set(response.json()["error"]) == {"message", "type", "param", "code"}

    with contextlib.suppress(Unsatisfiable):  # an operation without parameters cannot be asked wrongly
        check()
    return tried
