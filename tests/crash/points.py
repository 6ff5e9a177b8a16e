"""Makes a task's process kill itself, or hang, at a named point, once, when a file says so.

Preloaded by the process from which Airflow forks its tasks: the product knows nothing of it. `at(folder, point)` arms
a point.
"""

import os
import signal
import time
from functools import wraps
from pathlib import Path
from typing import Any

FOLDER = "TEST_POINTS"
HANG = "hang_while_fetching"
HANG_SECONDS = 300


def arm(folder: Path, point: str) -> None:
    (folder / point).touch()


def is_armed(folder: Path, point: str) -> bool:
    return (folder / point).exists()


def _taken(point: str) -> bool:
    """Whether it is this process that the point is for: one of all of them, once."""
    try:
        (Path(os.environ[FOLDER]) / point).unlink()
    except FileNotFoundError:
        return False
    return True


def _reached(point: str) -> None:
    if _taken(f"{point}"):
        os.kill(os.getpid(), signal.SIGKILL)


def _wrap(module: Any, name: str, before: str | None = None, after: str | None = None) -> None:
    inner = getattr(module, name)

    @wraps(inner)
    def outer(*given: Any, **named: Any) -> Any:
        if before:
            _reached(before)
        made = inner(*given, **named)
        if after:
            _reached(after)
        return made

    setattr(module, name, outer)


def _hang_while_fetching(batch: Any) -> None:
    inner = batch._analyse

    @wraps(inner)
    def outer(*given: Any, **named: Any) -> Any:
        if _taken(HANG):
            time.sleep(HANG_SECONDS)
        return inner(*given, **named)

    batch._analyse = outer


def install() -> None:
    from include.jobs import opening
    from include.pipeline import batch, tasks
    from include.storage import jobs

    _wrap(opening, "write_details", before="in_the_claims_transaction")
    _wrap(tasks, "open_for_run", after="after_the_claim")
    _wrap(batch, "begin_batch", after="after_a_batch_has_begun")
    _wrap(batch, "_analyse", after="after_the_fetch")
    _wrap(batch, "store_outcomes", after="after_the_upsert")
    _wrap(jobs, "_tell_others", before="inside_finalising")
    _wrap(tasks, "end_job", after="after_finalising")
    _hang_while_fetching(batch)


POINTS = (
    "in_the_claims_transaction",
    "after_the_claim",
    "after_a_batch_has_begun",
    "after_the_fetch",
    "after_the_upsert",
    "inside_finalising",
    "after_finalising",
)

if FOLDER in os.environ:
    install()
