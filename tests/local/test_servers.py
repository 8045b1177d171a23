"""The embedded servers: private sockets, long paths, what survives."""

import os
import signal
import stat
from pathlib import Path

import psycopg
import pytest
import redis

from local import child, postgres, valkey
from local.__main__ import main
from local.sockets import LONGEST, SocketFolderTaken, socket_folder


def long_folder(root: Path) -> Path:
    """A folder whose path is too long for a socket."""
    folder = root / ("a" * 60) / ("b" * 60)
    folder.mkdir(parents=True)
    return folder


def test_a_short_folder_holds_its_own_socket() -> None:
    assert socket_folder(Path("/srv/burnish"), file="a.sock") == Path("/srv/burnish")


def test_a_long_folder_gets_a_private_one_for_its_socket(open_folder: Path) -> None:
    found = socket_folder(long_folder(open_folder), file="a.sock")
    assert len(os.fsencode(found / "a.sock")) <= LONGEST
    assert stat.S_IMODE(found.stat().st_mode) == 0o700
    assert found == socket_folder(open_folder / ("a" * 60) / ("b" * 60), file="a.sock")
    found.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_socket_folder_of_another_account_is_refused(open_folder: Path) -> None:
    home = long_folder(open_folder)
    found = socket_folder(home, file="a.sock")
    os.chown(found, 12_345, -1)
    with pytest.raises(SocketFolderTaken, match="belongs to another account"):
        socket_folder(home, file="a.sock")
    found.rmdir()


def test_what_was_committed_survives_a_kill(open_folder: Path) -> None:
    cluster = postgres.prepare(long_folder(open_folder) / "postgres")
    with child.running(cluster, open_folder / "log") as server:
        with psycopg.connect(cluster.url()) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (42)")
        child.signal_group(server, signal.SIGKILL)
        server.wait()
    again = postgres.prepare(cluster.data)
    again.stop_leftover()
    with child.running(again, open_folder / "log"), psycopg.connect(again.url()) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)


def test_a_leftover_server_is_stopped(open_folder: Path) -> None:
    cluster = postgres.prepare(open_folder / "postgres")
    with child.running(cluster, open_folder / "log") as server:
        cluster.stop_leftover()
        assert server.wait(20) is not None
        assert not cluster.ready()


def test_only_the_owner_reaches_the_servers(open_folder: Path) -> None:
    cluster = postgres.prepare(open_folder / "postgres")
    assert stat.S_IMODE(cluster.sockets.stat().st_mode) == 0o700
    broker = valkey.prepare(open_folder / "valkey")
    with child.running(broker, open_folder / "log"):
        assert stat.S_IMODE(broker.socket.stat().st_mode) == 0o700
        with redis.Redis(unix_socket_path=str(broker.socket)) as client:
            assert client.config_get("port") == {"port": "0"}


def test_a_server_that_ends_at_once_is_reported(open_folder: Path) -> None:
    cluster = postgres.prepare(open_folder / "postgres")
    (cluster.data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(child.NotReady, match="ended with status"), child.running(cluster, open_folder / "log"):
        pass
    assert "no_such_setting" in (open_folder / "log").read_text()


def test_data_of_another_postgres_version_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(postgres.OtherVersion, match=r"made by PostgreSQL 12, .*Dump it"):
        postgres.prepare(tmp_path / "postgres")
    monkeypatch.delenv("BURNISH_DATABASE_URL", raising=False)
    monkeypatch.setattr("sys.argv", ["local", "up", "--port", "0", "--data-dir", str(tmp_path)])
    monkeypatch.setattr("local.stack.refuse_busy_port", lambda host, port: None)
    assert main() == 1
    assert capsys.readouterr().err.startswith("burnish: ")
