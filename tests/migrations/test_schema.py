"""The migrations build the tables that `core.tables` describes."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text

from core.database import driver_url
from core.settings import ROOT
from core.tables import DEFAULT_PROJECT, Table
from tests.conftest import migrate

CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version' ORDER BY 1, 2
"""
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1
"""
COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> 'alembic_version' ORDER BY 1, 2
"""
SEQUENCES = "SELECT sequence_name, data_type, increment FROM information_schema.sequences ORDER BY 1"


def described(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Everything about the schema that the two ways of making it must agree on."""
    queries = {"constraints": CONSTRAINTS, "indexes": INDEXES, "columns": COLUMNS, "sequences": SEQUENCES}
    with engine.connect() as connection:
        return {name: [tuple(row) for row in connection.execute(text(query))] for name, query in queries.items()}


def configuration() -> Config:
    """Alembic's, wherever the tests are started from."""
    return Config(str(ROOT / "alembic.ini"))


def test_the_migrations_make_what_the_tables_describe(empty_database: str) -> None:
    engine = create_engine(driver_url(empty_database))
    Table.metadata.create_all(engine)
    wanted = described(engine)
    Table.metadata.drop_all(engine)
    engine.dispose()
    migrate(empty_database)
    made = described(engine)
    engine.dispose()
    assert made == wanted


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(configuration()).get_heads()) == 1


def test_every_revision_has_a_file_named_by_it() -> None:
    for revision in ScriptDirectory.from_config(configuration()).walk_revisions():
        assert Path(revision.path).name.startswith(f"{revision.revision}_")


def test_the_way_back_leaves_nothing(empty_database: str) -> None:
    migrate(empty_database)
    config = configuration()
    config.set_main_option("sqlalchemy.url", empty_database.replace("%", "%%"))
    command.downgrade(config, "base")
    engine = create_engine(driver_url(empty_database))
    assert not any(described(engine).values())
    engine.dispose()


def test_migrating_twice_changes_nothing(empty_database: str) -> None:
    migrate(empty_database)
    migrate(empty_database)


def test_a_new_ledger_has_the_default_project(database: str) -> None:
    engine = create_engine(driver_url(database))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM project")).scalar_one() == DEFAULT_PROJECT
    engine.dispose()
