"""What every test may ask for: a real PostgreSQL built by the migrations, a real Valkey, settings for both."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy.orm import Session

from core import doorbell
from core.database import engine, transaction
from core.settings import ROOT, reread
from local import child, postgres, valkey
from tests.stack import stack  # noqa: F401  (a fixture)

QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300")

hypothesis_settings.register_profile(
    "burnish", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
hypothesis_settings.load_profile("burnish")


def forget_settings() -> None:
    """Close the pool and let the next call read the environment again."""
    if engine.cache_info().currsize:
        engine().dispose()
    engine.cache_clear()
    reread()


def forget_broker() -> None:
    """Close the doorbell's connections and let the next call read the environment again."""
    if doorbell.app.cache_info().currsize:
        doorbell.app().close()
    doorbell.app.cache_clear()
    reread()


def migrate(url: str) -> None:
    """Bring a database to the newest revision."""
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")


class Quick:
    """The cluster without the waits for the disk."""

    def __init__(self, cluster: postgres.Cluster) -> None:
        self.cluster = cluster

    def command(self) -> list[str]:
        """What to run."""
        return self.cluster.command(QUICK)

    @property
    def ending(self) -> child.Ending:
        """How it is stopped."""
        return self.cluster.ending

    def ready(self) -> bool:
        """Whether it answers."""
        return self.cluster.ready()


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> None:
    """Settings of the developer's shell do not reach the tests."""
    for name in [name for name in os.environ if name.startswith("BURNISH_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Cluster]:
    """One embedded PostgreSQL for the whole session; nothing in it is flushed to disk."""
    with tempfile.TemporaryDirectory(prefix="burnish-test-") as folder:
        cluster = postgres.prepare(Path(folder) / "data")
        with child.running(Quick(cluster), Path(folder) / "log"):
            yield cluster


@pytest.fixture(scope="session")
def template_database(postgres_server: postgres.Cluster) -> str:
    """A migrated database that the databases of the tests are copied from."""
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_burnish")
    migrate(postgres_server.url("template_burnish"))
    return "template_burnish"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A new folder that other accounts may walk into, as embedded servers of root must; pytest's own is closed."""
    with tempfile.TemporaryDirectory(prefix="burnish-test-") as folder:
        yield Path(folder)


@pytest.fixture
def empty_database(postgres_server: postgres.Cluster) -> Iterator[str]:
    """The URL of a database without a single table."""
    yield from _database(postgres_server, "template0")


@pytest.fixture
def database(
    postgres_server: postgres.Cluster, template_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The URL of a fresh migrated database; settings and `core.database` point at it, and the data folder is new.

    Processes that a test starts find the same through their environment (BURNISH_DATABASE_URL, BURNISH_DATA_DIR).
    """
    for url in _database(postgres_server, template_database):
        monkeypatch.setenv("BURNISH_DATABASE_URL", url)
        monkeypatch.setenv("BURNISH_DATA_DIR", str(tmp_path / "data"))
        forget_settings()
        yield url
        forget_settings()


_numbers = iter(range(1_000_000))


def _database(server: postgres.Cluster, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        yield server.url(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def session(database: str) -> Iterator[Session]:
    """A session inside one transaction that is committed when the test ends."""
    with transaction() as session:
        yield session


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[valkey.Broker]:
    """One embedded Valkey for the whole session."""
    with tempfile.TemporaryDirectory(prefix="burnish-test-") as folder:
        server = valkey.prepare(Path(folder))
        with child.running(server, Path(folder) / "log"):
            yield server


@pytest.fixture
def broker(valkey_server: valkey.Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty broker; settings point at it."""
    with redis.Redis(unix_socket_path=str(valkey_server.socket)) as client:
        client.flushall()
    monkeypatch.setenv("BURNISH_BROKER_URL", valkey_server.url)
    forget_broker()
    yield valkey_server.url
    forget_broker()
