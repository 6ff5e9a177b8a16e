"""The main job as a newcomer sees it: requested over Airflow's REST API, watched, and its verdicts in a table."""

import time
from collections import Counter
from dataclasses import dataclass

import httpx
import psycopg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from include.model.job import JobStatus, VerdictRow
from include.model.job import Progress as JobProgress
from include.storage.connection import Connection, connect
from include.storage.jobs import progress
from include.storage.results import verdicts
from local import supervision
from local.airflow_api import AirflowApi
from local.errors import LocalError
from local.home import Home
from local.source import NOT_REAL, Source
from local.stack import MAIN_DAG, Stack
from local.waiting import Watch

UNIVERSE = "sample_leaders"
DATA_SOURCES = {Source.SAMPLE: "sample", Source.YAHOO_LOCAL: "yahoo"}
PRICES = {Source.SAMPLE: "sample", Source.YAHOO_LOCAL: NOT_REAL}
LOOK_EVERY_SECONDS = 0.1
LONGEST_SECONDS = 600.0
REASONS_SHOWN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A job that has ended, and how many seconds after its request."""

    run_id: str
    job: JobProgress
    rows: list[VerdictRow]
    seconds: float
    source: Source = Source.SAMPLE

    @property
    def is_complete(self) -> bool:
        """Whether every ticker has its analysis."""
        return self.job.status is JobStatus.COMPLETED and self.job.completed == self.job.total


def run(stack: Stack, console: Console) -> bool:
    """Run the main job and print what it found; whether it is completed with all tickers."""
    api = AirflowApi(stack.url, stack.token())
    try:
        with connect(stack.database_url()) as connection:
            finished = _request_and_watch(api, connection, console, stack.home, stack.source)
    except psycopg.OperationalError as error:
        log = stack.home.log(supervision.POSTGRES)
        raise LocalError(f"PostgreSQL went away while the job ran ({error}); `make run` asks again", log) from error
    console.print(verdict_table(finished.rows))
    console.print(summary(finished), soft_wrap=True)
    if not finished.is_complete:
        console.print(_why(api, finished.run_id), markup=False, soft_wrap=True)
    console.print(
        f"Look at it: {stack.url}/stocks/jobs/{finished.run_id}\n"
        f"  user admin, password: make -s password. All runs on; `make down` stops it.",
        soft_wrap=True,
    )
    return finished.is_complete


def _request_and_watch(
    api: AirflowApi, connection: Connection, console: Console, home: Home, source: Source = Source.SAMPLE
) -> Finished:
    watch, start = Watch(home), time.monotonic()
    run_id = api.trigger(MAIN_DAG, {"universe": UNIVERSE, "data_source": DATA_SOURCES[source]})
    job_id = run_id
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("Waiting for the first task", total=None)
        while time.monotonic() - start < LONGEST_SECONDS:
            seen = progress(connection, job_id)
            if seen is not None:
                done = seen.total - seen.pending
                bar.update(task, description=f"Analysing {seen.total} tickers", total=seen.total, completed=done)
            if seen is not None and not seen.status.is_active:
                seconds = time.monotonic() - start
                rows = verdicts(connection, job_id)
                return Finished(run_id=run_id, job=seen, rows=rows, seconds=seconds, source=source)
            _check_processes(watch, home)
            job_id = _job_of(api, run_id) or job_id
            time.sleep(LOOK_EVERY_SECONDS)
    raise LocalError(f"the job {job_id} has not ended after {LONGEST_SECONDS:.0f} s; `make logs` may say why")


def _check_processes(watch: Watch, home: Home) -> None:
    """Stop the waiting when a process that the job needs does not come back.

    Raises:
        LocalError: names the process and its log.
    """
    lost = watch.lost()
    if lost is not None:
        raise LocalError(f"{lost} does not stay up, so that the job cannot go on; its log says why", home.log(lost))


def _job_of(api: AirflowApi, run_id: str) -> str | None:
    """The job that a run which has ended joined, None while the run goes on or has a job of its own.

    Raises:
        LocalError: the run failed; with the end of the failed task's log.
    """
    try:
        state = api.run_state(MAIN_DAG, run_id)
    except httpx.TransportError:  # the API server starts again, or is lost: then its process says so
        return None
    if state == "success":
        return api.xcom(MAIN_DAG, run_id, "open_job", "joined")
    if state != "failed":
        return None
    raise LocalError(f"the run {run_id} failed. {_why(api, run_id)}")


def _why(api: AirflowApi, run_id: str) -> str:
    task = api.failed_task(MAIN_DAG, run_id)
    return f"Its task {task.name} says:\n{task.log}" if task else "`make logs` may say why"


def verdict_table(rows: list[VerdictRow]) -> Table:
    """The verdicts, the best score first."""
    table = Table("Ticker", "Verdict")
    for title in ("Score", "Entry", "Stop", "Target"):
        table.add_column(title, justify="right")
    table.add_column("Strongest reasons", no_wrap=True, overflow="ellipsis")
    for row in rows:
        levels = [_figure(value) for value in (row.score, row.entry, row.stop_loss, row.target)]
        reasons = "; ".join(row.reasons[:REASONS_SHOWN]) or row.error_message or ""
        table.add_row(row.ticker, str(row.verdict or row.status), *levels, reasons)
    return table


def _figure(value: object) -> str:
    return "" if value is None else str(value)


def summary(finished: Finished) -> str:
    """Counts, time and the age of the prices."""
    job = finished.job
    counts = Counter(str(row.verdict) for row in finished.rows if row.verdict)
    found = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    sessions = [row.session_date for row in finished.rows if row.session_date]
    prices = f" Prices: {PRICES[finished.source]}, up to {max(sessions)}." if sessions else ""
    took = f"{job.completed} of {job.total} tickers {_how(job)} {finished.seconds:.1f} s after the request"
    said = f"{took}: {found or 'none'}.{prices}"
    return said if finished.is_complete else f"{said} The job is {job.status}: {job.status_reason or 'see its rows'}."


def _how(job: JobProgress) -> str:
    if job.reused == 0:
        return "analysed"
    return "answered from what was known" if job.reused == job.completed else f"analysed ({job.reused} known already)"
