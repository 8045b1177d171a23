"""How Alembic reaches the database: the URL is the settings' own, unless a caller hands in a connection's URL."""

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

from core.database import driver_url
from core.settings import settings
from core.tables import Table

LOCK = 7_265_637_001  # an arbitrary number: one migration at a time on one database


def url() -> str:
    """Where to migrate; raises SystemExit with a remedy when nothing says so."""
    found = context.config.get_main_option("sqlalchemy.url") or settings().database_url
    if not found:
        raise SystemExit("BURNISH_DATABASE_URL is not set: name the database to migrate, or start `burnish up`.")
    return driver_url(found)


def migrate(connection: Connection) -> None:
    """Run the revisions inside one transaction; another migration on the same database is waited for."""
    context.configure(connection=connection, target_metadata=Table.metadata, compare_server_default=True)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})
        context.run_migrations()


if context.is_offline_mode():
    context.configure(url=url(), target_metadata=Table.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = create_engine(url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        migrate(connection)
    engine.dispose()
