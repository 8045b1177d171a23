"""Ready: PostgreSQL answers, the ledger is at the newest migration, the behavior files are in it."""

from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from core.database import transaction
from core.errors import Unavailable
from core.queries import behaviors, schema
from core.settings import ROOT, settings
from core.tables import DEFAULT_PROJECT


@cache
def newest_revision() -> str | None:
    """The head of the migrations this code came with."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config).get_current_head()


def check() -> str:
    """The revision the ledger is at. Raises Unavailable with what is missing."""
    with transaction() as session:
        found = check_revision(session)
        if settings().behavior_dirs and not behaviors.names(session, DEFAULT_PROJECT):
            raise Unavailable("The behavior files are not loaded yet; try again in a second.")
    return found


def check_revision(session: Session) -> str:
    """The revision the ledger is at. Raises Unavailable when this code was made for another."""
    found = schema.revision(session)
    if found is None or found != newest_revision():
        raise Unavailable(
            f"The ledger is at revision {found}, this code needs {newest_revision()}; run `make migrate`."
        )
    return found
