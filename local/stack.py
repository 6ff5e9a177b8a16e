"""The whole of it on this machine: PostgreSQL, both databases, Airflow. `up` starts it, `down` stops it.

Tests and benchmarks use a second one beside the user's:

    with stack(folder, extra_env={...}) as running:
        httpx.get(f"{running.url}/api/v2/...", headers={"Authorization": f"Bearer {running.token()}"})
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local import (
    accounts,
    airflow_api,
    database,
    environment,
    ports,
    postgres,
    starter,
    supervision,
    users,
    waiting,
    workers,
)
from local.errors import LocalError
from local.home import Home, Secrets, default_home, read_json, read_secrets, write_private
from local.source import NOT_REAL, Source, YahooPorts, claim_ports, source_environment
from local.steps import Say, quiet, step
from local.workers import Celery

MAIN_DAG = "analyze_stocks"
WANTED_PORT = 8080
START_SECONDS = 180.0
ALREADY_UP_SECONDS = 20.0
LEAST_FREE_BYTES = 300 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A running installation. `env` is the environment of its Airflow processes, with secrets.

    `yahoo` is where its local Yahoo listens, `celery` are its workers; None when it has none.
    """

    home: Home
    secrets: Secrets = field(repr=False)
    cluster: postgres.Cluster
    api_port: int
    env: Mapping[str, str] = field(repr=False)
    yahoo: YahooPorts | None = None
    celery: Celery | None = None

    @property
    def workers(self) -> int:
        """How many Celery workers it has, 0 with LocalExecutor."""
        return 0 if self.celery is None else self.celery.workers

    @property
    def source(self) -> Source:
        """Where its prices come from when a request does not say it."""
        return Source.SAMPLE if self.yahoo is None else Source.YAHOO_LOCAL

    @property
    def url(self) -> str:
        """Where Airflow's web interface and REST API are."""
        return f"http://127.0.0.1:{self.api_port}{urlsplit(self.env['AIRFLOW__API__BASE_URL']).path.rstrip('/')}"

    def database_url(self, role: str = "stocks_app") -> str:
        """The address of our database for `stocks_app`, `stocks_owner` or `postgres`."""
        if role == postgres.SUPERUSER:
            return self.cluster.url(self.source.databases.stocks)
        return self.cluster.url(self.source.databases.stocks, role=role, password=getattr(self.secrets, role))

    def token(self, user: str = users.ADMIN) -> str:
        """A token of Airflow's API for one of the users."""
        return airflow_api.log_in(self.url, user, users.password(self.home, user))

    def add_user(self, name: str, role: str) -> str:
        """Add or change a user and have the API server know it; returns the password."""
        return add_user(self.home, name, role)

    def down(self) -> None:
        """Stop everything; the data stays."""
        down(self.home)


@contextmanager
def stack(
    folder: Path,
    extra_env: Mapping[str, str] | None = None,
    say: Say = quiet,
    *,
    keep: bool = False,
    source: Source | None = None,
    workers: int | None = None,
) -> Iterator[Stack]:
    """A stack of its own in `folder`, stopped at the end of the block; its data goes unless `keep`, its logs stay."""
    home = Home(folder.resolve())
    running = up(home, extra_env, say, source, workers)
    try:
        yield running
    finally:
        running.down()
        if not keep:
            accounts.remove_home(running.cluster.home)


def place_of_data(home: Home) -> Path:
    """Where the database of a state folder is: in it, or elsewhere when PostgreSQL's account cannot get there.

    Raises:
        LocalError: it was elsewhere before; a new and empty database must not take its place in silence.
    """
    place = accounts.reachable_home(home.folder / "postgres", accounts.postgres_account())
    note = home.folder / "database-folder"
    before = Path(note.read_text()) if note.exists() else place
    if before != place and (before / "data").exists():
        raise LocalError(
            f"this folder was moved or copied, and its database is in {before}; "
            f"moved: run `mv {before} {place}`, copied: delete {note}"
        )
    return place


def cluster_of(home: Home, port: int = 0, password: str = "") -> postgres.Cluster:
    """The cluster of a state folder."""
    return postgres.Cluster(home=place_of_data(home), port=port, password=password, settings=database.SERVER_SETTINGS)


def running(home: Home | None = None) -> Stack | None:
    """The stack of a state folder when its supervisord runs."""
    home = home or default_home()
    known = read_json(home.stack_file)
    if known is None or supervision.daemon(home) is None:
        return None
    return _known_stack(home, known)


def _known_stack(home: Home, known: Mapping[str, Any], postgres_port: int | None = None) -> Stack:
    """The stack that its file tells of, maybe with another port."""
    yahoo = YahooPorts(**known["yahoo"]) if known.get("yahoo") else None
    celery = Celery(**known["celery"]) if known.get("celery") else None
    return _stack(home, known["api_port"], postgres_port or known["postgres_port"], known["extra"], yahoo, celery)


def _stack(
    home: Home,
    api_port: int,
    postgres_port: int,
    extra: Mapping[str, str],
    yahoo: YahooPorts | None = None,
    celery: Celery | None = None,
) -> Stack:
    if not home.secrets_file.exists() and cluster_of(home).data.exists():
        raise LocalError(
            f"{home.secrets_file} is gone, and with it the passwords of the database that is there; "
            "put it back, or start anew with `make clean`"
        )
    secrets = read_secrets(home)
    databases = (Source.SAMPLE if yahoo is None else Source.YAHOO_LOCAL).databases
    settings = {**source_environment(home, yahoo), **workers.celery_environment(celery, secrets.redis), **extra}
    env = environment.airflow_environment(home, secrets, api_port, postgres_port, settings, databases)
    cluster = cluster_of(home, postgres_port, secrets.superuser)
    return Stack(home=home, secrets=secrets, cluster=cluster, api_port=api_port, env=env, yahoo=yahoo, celery=celery)


def up(
    home: Home,
    extra_env: Mapping[str, str] | None = None,
    say: Say = quiet,
    source: Source | None = None,
    workers: int | None = None,
) -> Stack:
    """Start what is not running, and return when all of it is healthy. Whatever fails, nothing half-started stays.

    Without a `source` it is the one that runs already, else the sample; without a number of Celery `workers` likewise
    that of those that run, else 0, which is LocalExecutor. What runs with another one is stopped first.

    Raises:
        LocalError: why it did not start, what to do, and which log says more.
    """
    environment.check_numbers(os.environ)
    with home.alone(), ports.claimed() as claim:
        extra = dict(extra_env or {})
        present = running(home)
        before = (present.source, present.workers) if present else (Source.SAMPLE, 0)
        wanted = (source or before[0], before[1] if workers is None else workers)
        if present is not None and wanted == before and _is_healthy_soon(present):
            _say_present(present, extra, say)
            return present
        _check_space(home)
        home.make()
        if supervision.stop_all(home, cluster_of(home)):
            changed = present is not None and wanted != before
            say(f"  Stopped what {_ran_with(*before) if changed else 'an earlier start left behind'}", True)
        known = read_json(home.stack_file) or {}
        postgres_port = ports.free_port(known.get("postgres_port"))
        stack = _claimed_stack(home, claim, postgres_port, extra, *wanted)
        try:
            _start(stack, extra, say)
        except BaseException:
            supervision.stop_all(home, stack.cluster)
            raise
        return stack


def _ran_with(source: Source, workers: int) -> str:
    return f"ran with SOURCE={source} and " + (f"EXECUTOR=celery WORKERS={workers}" if workers else "EXECUTOR=local")


def _claimed_stack(
    home: Home, claim: ports.Claim, postgres_port: int, extra: Mapping[str, str], source: Source, number: int
) -> Stack:
    """A stack on free ports that nobody else chooses."""
    api_port = claim(WANTED_PORT)
    return _stack(home, api_port, postgres_port, extra, claim_ports(source, claim), workers.claim_ports(number, claim))


def _check_space(home: Home) -> None:
    existing = next(folder for folder in (home.folder, *home.folder.parents) if folder.exists())
    if shutil.disk_usage(existing).free < LEAST_FREE_BYTES:
        raise LocalError(f"the disk of {existing} is full: 300 MB are needed; make room and try again")


def _say_present(present: Stack, extra: Mapping[str, str], say: Say) -> None:
    known = read_json(present.home.stack_file) or {}
    say(f"Already up at {present.url}", True)
    _say_prices(present, say)
    if known.get("settings") != _fingerprint(_stack_settings(present, extra)):
        say("Settings in the environment have changed since: `make down`, then `make up`, to use them", True)


def _stack_settings(stack: Stack, extra: Mapping[str, str]) -> dict[str, str]:
    mine = _stack(stack.home, stack.api_port, stack.cluster.port, extra, stack.yahoo, stack.celery).env
    return {name: value for name, value in mine.items() if name.startswith(("BELLWETHER_", "AIRFLOW_"))}


def _fingerprint(settings: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(settings.items())).encode()).hexdigest()


def _start(stack: Stack, extra: Mapping[str, str], say: Say) -> None:
    """Start a stack of which nothing runs."""
    home, cluster = stack.home, stack.cluster
    if stack.api_port != WANTED_PORT:
        say(f"  Port {WANTED_PORT} is taken: using {stack.api_port}", True)
    _remember(stack, extra)
    users.save(home, users.ADMIN, "admin")
    with step(say, "Starting PostgreSQL" if cluster.data.exists() else "Creating and starting PostgreSQL"):
        postgres.create(cluster)
        supervision.write_configuration(home, cluster, stack.yahoo, stack.celery)
        supervision.start(home, stack.env)
        supervision.begin(home, supervision.POSTGRES)
        waiting.for_postgres(home, cluster)
    with step(say, "Bringing the databases to this version"):
        databases = stack.source.databases
        database.make_databases(cluster, stack.secrets, databases)
        database.migrate(home, cluster, stack.secrets, databases, stack.env)
        starter.give_watchlists(home, databases.stocks, stack.database_url())
    _start_yahoo(stack, say)
    _start_workers(stack, say)
    since = waiting.now()
    with step(say, "Starting Airflow"):
        for name in supervision.AIRFLOW:
            supervision.begin(home, name)
        waiting.for_health(home, stack.url, START_SECONDS)
        _wait_for_workers(stack)
        airflow_api.warm(stack.url)
    with step(say, f"Reading the DAG {MAIN_DAG}"):
        waiting.for_dag(home, airflow_api.AirflowApi(stack.url, stack.token()), MAIN_DAG, since, START_SECONDS)
    _remember_start(home)
    say(f"Airflow is up at {stack.url}", True)
    _say_prices(stack, say)


def _start_yahoo(stack: Stack, say: Say) -> None:
    """Start the local Yahoo, when this stack has one."""
    if stack.yahoo is None:
        return
    with step(say, "Starting the local Yahoo"):
        supervision.begin(stack.home, supervision.YAHOO)
        waiting.for_yahoo(stack.home, stack.yahoo, START_SECONDS)


def _start_workers(stack: Stack, say: Say) -> None:
    """Start Redis and Celery's workers, when this stack has them; they are ready later, with Airflow."""
    if stack.celery is None:
        return
    workers.make(stack.home, stack.celery, stack.secrets.redis)
    with step(say, "Starting Redis"):
        supervision.begin(stack.home, supervision.REDIS)
        waiting.for_redis(stack.home, stack.env["AIRFLOW__CELERY__BROKER_URL"])
    for group in (supervision.WORKERS, supervision.WORKER_LOGS):
        supervision.begin_group(stack.home, group)


def _wait_for_workers(stack: Stack) -> None:
    if stack.celery is not None:
        waiting.for_workers(stack.home, stack.env["AIRFLOW__CELERY__BROKER_URL"], stack.celery.workers, START_SECONDS)


def _say_prices(stack: Stack, say: Say) -> None:
    if stack.yahoo is not None:
        say(f"Prices: {NOT_REAL}. Its counters and orders: {stack.yahoo.control_url}", True)


def _remember(stack: Stack, extra: Mapping[str, str]) -> None:
    """Write down what later commands must know of this start."""
    known = {"api_port": stack.api_port, "postgres_port": stack.cluster.port, "extra": dict(extra)}
    known["yahoo"] = asdict(stack.yahoo) if stack.yahoo else None
    known["celery"] = asdict(stack.celery) if stack.celery else None
    write_private(stack.home.stack_file, {**known, "settings": _fingerprint(_stack_settings(stack, extra))})
    (stack.home.folder / "database-folder").write_text(str(stack.cluster.home))


def _remember_start(home: Home) -> None:
    """Write down that all is up from now on: a process that starts later has ended by itself."""
    write_private(home.stack_file, {**(read_json(home.stack_file) or {}), "up_since": int(time.time())})


def up_since(home: Home) -> int | None:
    """When the last start was complete, in seconds since 1970; None while it is going on."""
    return (read_json(home.stack_file) or {}).get("up_since")


def _is_healthy_soon(stack: Stack) -> bool:
    try:
        waiting.for_health(stack.home, stack.url, ALREADY_UP_SECONDS)
    except LocalError:
        return False
    return True


def add_user(home: Home, name: str, role: str) -> str:
    """Add or change a user; the API server, when it runs, starts again to know a change. Returns the password."""
    home.make()
    with home.alone():
        is_change = users.role(home, name) != role
        password = users.save(home, name, role)
        present = running(home)
        if present is not None and is_change:
            with ports.kept(present.api_port):
                supervision.restart(home, "api-server")
                waiting.for_health(home, present.url, START_SECONDS)
            airflow_api.warm(present.url)
            starter.give_watchlists(home, present.source.databases.stocks, present.database_url())
            _remember_start(home)
    return password


@contextmanager
def database_of(home: Home) -> Iterator[Stack]:
    """The stack of a folder with its PostgreSQL running, which is started for the block when nothing runs.

    Raises:
        LocalError: there is no database yet.
    """
    present = running(home)
    if present is not None:
        yield present
        return
    known = read_json(home.stack_file)
    if known is None or not cluster_of(home).data.exists():
        raise LocalError("there is no database here yet; `make up` makes it")
    supervision.stop_all(home, cluster_of(home))
    stopped = _known_stack(home, known, ports.free_port(known["postgres_port"]))
    postgres.create(stopped.cluster)  # only looks whether it can be started: it is there
    with postgres.serving(stopped.cluster):
        yield stopped


def down(home: Home) -> bool:
    """Stop everything of this folder; whether anything ran."""
    with home.alone():
        return supervision.stop_all(home, cluster_of(home))


def clean(home: Home) -> list[Path]:
    """Stop everything and delete the state; returns the folders that are gone."""
    with home.alone():
        place = place_of_data(home)
        supervision.stop_all(home, cluster_of(home))
        accounts.remove_home(place)
        shutil.rmtree(home.folder)
    return [home.folder] if home.folder in place.parents else [home.folder, place]
