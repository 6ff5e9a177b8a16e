"""A pgbouncer in front of the tests' PostgreSQL, with the settings that the documentation names."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import psycopg

from local.accounts import postgres_account
from local.ports import free_port
from local.postgres import Cluster
from tests.conftest import APP, PASSWORD, ROOT

START_SECONDS = 30.0
FEW = 3  # connections of the server, for however many clients


def documented() -> ConfigParser:
    """The pgbouncer.ini of docs/operating.md."""
    page = (ROOT / "docs" / "operating.md").read_text()
    (block,) = re.findall(r"```ini\n(.*?)```", page, flags=re.DOTALL)
    parsed = ConfigParser(interpolation=None)
    parsed.read_string(block)
    return parsed


@contextmanager
def pooler(cluster: Cluster, database: str, *, gives_limits: bool = True) -> Iterator[str]:
    """The address of a database by way of a pgbouncer, for the role of tasks and API."""
    account, port = postgres_account(), free_port()
    folder = Path(mkdtemp(prefix="bellwether-pgbouncer-"))
    folder.chmod(0o755)
    _configure(folder, cluster, database, port, gives_limits=gives_limits)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [_program(), "pgbouncer.ini"], cwd=folder, stdout=log, stderr=log, **(account.drop if account else {})
        )
    url = f"postgresql://{APP}:{PASSWORD}@127.0.0.1:{port}/{database}"
    try:
        _wait_until_ready(url, process, folder / "log")
        yield url
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def _program() -> str:
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
    assert program, "these tests need pgbouncer: apt-get install pgbouncer"
    return program


def _configure(folder: Path, cluster: Cluster, database: str, port: int, *, gives_limits: bool) -> None:
    """As documented, but for where things are, and with fewer connections."""
    written = documented()
    place, _, query = written["databases"].pop("stocks").partition(" connect_query=")
    place = re.sub(r"host=\S+ port=\d+", f"host=127.0.0.1 port={cluster.port}", place)
    written["databases"][database] = f"{place} connect_query={query}" if gives_limits else place
    written["pgbouncer"].update({"listen_port": str(port), "unix_socket_dir": "", "default_pool_size": str(FEW)})
    with (folder / "pgbouncer.ini").open("w") as file:
        written.write(file)
    (folder / "userlist.txt").write_text(f'"{APP}" "{PASSWORD}"\n')


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
