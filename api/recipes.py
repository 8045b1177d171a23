"""Behavior files into the ledger at start-up: the same text changes nothing, another text is the next version."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog
import yaml
from pydantic import ValidationError

from api.readiness import check_revision
from core.configs.behavior import BehaviorSpec
from core.database import transaction
from core.errors import BadInput
from core.queries import behaviors
from core.tables import DEFAULT_PROJECT

log = structlog.get_logger("api")


def load(folders: Sequence[Path]) -> list[str]:
    """Store every behavior file of the folders; returns their names.

    A file that is no behavior is told in the log and left out. Raises Unavailable without a migrated database.
    """
    specs = list(_read(folders))
    with transaction() as session:
        check_revision(session)
        for spec in specs:
            behaviors.store(session, DEFAULT_PROJECT, spec)
    log.info("behaviors loaded", names=[spec.name for spec in specs])
    return [spec.name for spec in specs]


def _read(folders: Sequence[Path]) -> Iterator[BehaviorSpec]:
    for file in sorted(file for folder in folders for file in folder.glob("*.y*ml")):
        try:
            yield read(file)
        except BadInput as error:
            log.error("behavior file refused", file=str(file), error=error.message)


def read(file: Path) -> BehaviorSpec:
    """One behavior file. Raises BadInput with the name of the file."""
    try:
        return BehaviorSpec.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError, ValidationError) as error:
        raise BadInput(f"{file.name} is no behavior: {error}") from error
