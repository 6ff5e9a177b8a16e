"""Waiting until what was started is at work, or has failed."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import httpx

from local import airflow_api, postgres, supervision
from local.errors import LocalError
from local.home import Home
from local.source import YahooPorts

LOOK_EVERY_SECONDS = 0.2
PING_SECONDS = 1.0
PATIENCE_SECONDS = 20.0
STARTS_OF_A_LOOP = 3


class Watch:
    """Looks whether a process ends; supervisord starts it again, so that another start time tells it too."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._first_start: dict[str, int] = {}
        self._starts: dict[str, set[int]] = {}
        self._last_alive: dict[str, float] = {}

    def crashed(self) -> str | None:
        """The name of a process that has ended by itself since the first look, None when there is none."""
        for state in supervision.states(self._home):
            if state.state in ("BACKOFF", "EXITED", "FATAL", "UNKNOWN"):
                return state.name
            if state.pid and self._first_start.setdefault(state.name, state.started) != state.started:
                return state.name
        return None

    def lost(self) -> str | None:
        """The name of a process that does not come back, None when there is none; one crash alone is mended.

        It ends again and again, supervisord has given it up, or it has been gone for 20 s, maybe with supervisord.
        """
        now = time.monotonic()
        states = supervision.states(self._home)
        alive = {"supervisord"} if states else set()
        for state in states:
            starts = self._starts.setdefault(state.name, set())
            starts |= {state.started} if state.started else set()
            if state.state == "FATAL" or len(starts) >= STARTS_OF_A_LOOP:
                return state.name
            alive |= {state.name} if state.pid else set()
        self._last_alive.update(dict.fromkeys(alive, now))
        expected = {"supervisord", *self._starts}
        gone = [name for name in expected if now - self._last_alive.setdefault(name, now) > PATIENCE_SECONDS]
        # Without supervisord nothing is known of the others.
        return min(gone, key=lambda name: (name != "supervisord", name), default=None)


def until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Look again and again whether something is so; False when it was not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(LOOK_EVERY_SECONDS)
    return False


def for_postgres(home: Home, cluster: postgres.Cluster) -> None:
    """Return once the supervised PostgreSQL takes connections."""
    watch = Watch(home)
    postgres.wait_until_ready(cluster, lambda: watch.crashed() is not None, home.log(supervision.POSTGRES))


def for_yahoo(home: Home, ports: YahooPorts, seconds: float) -> None:
    """Return once the local Yahoo answers.

    Raises:
        LocalError: it ended, or the time is up.
    """
    watch = Watch(home)

    def answers() -> bool:
        if watch.crashed() is not None:
            raise LocalError("the local Yahoo ended right after its start; its log says why", log)
        try:
            return httpx.get(ports.control_url, timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False

    log = home.log(supervision.YAHOO)
    if not until(answers, seconds):
        raise LocalError(f"the local Yahoo does not answer after {seconds:.0f} s", log)


def for_redis(home: Home, url: str) -> None:
    """Return once Redis answers.

    Raises:
        LocalError: it ended, or the time is up.
    """
    import redis  # an installation without Celery has none

    watch, log = Watch(home), home.log(supervision.REDIS)

    def answers() -> bool:
        if watch.crashed() is not None:
            raise LocalError("Redis ended right after its start; its log says why", log)
        with suppress(redis.RedisError), redis.Redis.from_url(url) as client:
            return bool(client.ping())
        return False

    if not until(answers, PATIENCE_SECONDS):
        raise LocalError(f"Redis does not answer after {PATIENCE_SECONDS:.0f} s", log)


def for_workers(home: Home, url: str, number: int, seconds: float) -> None:
    """Return once so many of Celery's workers answer.

    Raises:
        LocalError: one ended, or the time is up.
    """
    import celery
    import redis

    watch, application = Watch(home), celery.Celery(broker=url, set_as_current=False)

    def answer() -> bool:
        crashed = watch.crashed()
        if crashed:
            raise LocalError(f"{crashed} ended right after its start; its log says why", home.log(crashed))
        with suppress(redis.RedisError):  # Redis may have been started again since the last look
            return len(application.control.ping(timeout=PING_SECONDS, limit=number)) >= number
        return False

    if not until(answer, seconds):
        raise LocalError(f"not all {number} workers are ready after {seconds:.0f} s", home.log("worker-1"))


def for_health(home: Home, url: str, seconds: float) -> None:
    """Return when Airflow says that all its parts are healthy.

    Raises:
        LocalError: a process ended, or the time is up.
    """
    watch = Watch(home)
    waiting = ["api-server"]

    def is_healthy() -> bool:
        crashed = watch.crashed()
        if crashed:
            raise LocalError(f"{crashed} ended right after its start; its log says why", home.log(crashed))
        waiting[:] = airflow_api.unhealthy(url)
        return not waiting

    if not until(is_healthy, seconds):
        raise LocalError(f"{waiting[0]} is not healthy after {seconds:.0f} s", home.log(waiting[0]))


def for_dag(home: Home, api: airflow_api.AirflowApi, dag_id: str, since: datetime, seconds: float) -> None:
    """Return when Airflow has read the DAG's file since then; an earlier start's reading may be of another file.

    Raises:
        LocalError: the file cannot be read, or the time is up.
    """

    def is_read() -> bool:
        errors = [error for error in api.import_errors() if f"{dag_id}.py" in error]
        if errors:
            raise LocalError(f"the DAG {dag_id} cannot be read:\n{errors[0]}")
        read = api.dag_read_at(dag_id)
        return read is not None and read >= since

    if not until(is_read, seconds):
        raise LocalError(f"the DAG {dag_id} did not appear", home.log("dag-processor"))


def now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)
