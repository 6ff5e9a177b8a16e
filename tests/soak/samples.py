"""What is looked at while the load goes on: memory, connections, disk, active and ended jobs."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.rows import dict_row

from local import supervision
from local.processes import memory_of_tree
from local.stack import MAIN_DAG, Stack
from tests.crash.calls import at_work

LOOK_EVERY_SECONDS = 5.0
GAUGE_EVERY_SECONDS = 0.3
MB = 2**20

SERVER = """
SELECT
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
    (SELECT sum(pg_database_size(oid)) FROM pg_database WHERE NOT datistemplate)::bigint AS database_bytes
"""
ENDED = "SELECT count(*) AS jobs FROM analysis_jobs WHERE completed_at IS NOT NULL"
ACTIVE = "SELECT count(*) AS runs FROM dag_run WHERE dag_id = %s AND state IN ('queued', 'running')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look, `at` so many seconds after the first. Memory in MB by program, shared pages counted once."""

    at: float
    active_jobs: int
    ended_jobs: int
    connections: int
    database_mb: float
    logs_mb: float
    memory_mb: dict[str, float]

    @property
    def all_memory_mb(self) -> float:
        return sum(self.memory_mb.values())


@dataclass(slots=True)
class Watcher:
    """Looks at an installation; a look that finds PostgreSQL away is left out."""

    installation: Stack
    samples: list[Sample] = field(default_factory=list)
    active: int = 0
    _start: float = field(default_factory=time.monotonic)

    @contextmanager
    def watching(self) -> Iterator[None]:
        over = threading.Event()
        threads = [
            threading.Thread(target=_again_and_again, args=(look, every, over))
            for look, every in ((self.gauge, GAUGE_EVERY_SECONDS), (self.look, LOOK_EVERY_SECONDS))
        ]
        with at_work(threads, over):
            yield

    def gauge(self) -> None:
        """How many runs are active: a run is one before its job has a row."""
        (row,) = self._ask(self.installation.source.databases.airflow, ACTIVE, MAIN_DAG)
        self.active = row["runs"]

    def look(self) -> None:
        databases = self.installation.source.databases
        (server,) = self._ask(databases.stocks, SERVER)
        (ended,) = self._ask(databases.stocks, ENDED)
        home = self.installation.home
        self.samples.append(
            Sample(
                at=time.monotonic() - self._start,
                active_jobs=self.active,
                ended_jobs=ended["jobs"],
                connections=server["connections"],
                database_mb=server["database_bytes"] / MB,
                logs_mb=size_of(home.logs) / MB,
                memory_mb={one.name: memory_of_tree(one.pid).bytes / MB for one in supervision.states(home) if one.pid},
            )
        )

    def _ask(self, database: str, statement: str, *values: object) -> list[dict[str, int]]:
        with psycopg.connect(self.installation.cluster.url(database), row_factory=dict_row) as connection:
            return connection.execute(statement, values).fetchall()


def _again_and_again(look: Callable[[], None], every: float, over: threading.Event) -> None:
    while not over.is_set():
        with suppress(psycopg.Error, OSError):
            look()
        over.wait(every)


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; those that go away meanwhile have none."""
    total = 0
    for file in folder.rglob("*"):
        with suppress(OSError):
            total += file.stat().st_size
    return total
