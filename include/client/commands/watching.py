"""Watching a job in the terminal, with a bar, until it ends."""

import argparse
import sys
from collections.abc import Sequence

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from include.client.client import WAIT_SECONDS, Client
from include.client.commands.options import PROGRAM, number
from include.client.commands.output import console, figure, print_json, show_table, table, verdict
from include.client.errors import JobIsActiveError
from include.model.job import JobStatus
from include.model.reading import DetailRow, JobSummary

NOT_DONE = (JobStatus.COMPLETED_WITH_ERRORS, JobStatus.FAILED, JobStatus.CANCELLED)


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """Add how long to watch."""
    said = f"longest time to watch (default {WAIT_SECONDS:g}); the job goes on"
    parser.add_argument("--timeout", type=number, default=WAIT_SECONDS, metavar="SECONDS", help=said)


def watch(client: Client, job_id: str, timeout: float) -> JobSummary:
    """The job as it ended. Interrupted, or out of time, it says how to look again: the job goes on."""
    try:
        return _with_bar(client, job_id, timeout)
    except (KeyboardInterrupt, JobIsActiveError):
        print(f"The job goes on. Look again: {PROGRAM} watch {job_id}", file=sys.stderr)
        raise


def _with_bar(client: Client, job_id: str, timeout: float) -> JobSummary:
    terminal = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=terminal, disable=not terminal.is_terminal) as bar:
        task = bar.add_task("Waiting for the first task", total=None)

        def show(job: JobSummary) -> None:
            if job.total:
                said = f"Analysing {job.total} tickers"
                bar.update(task, description=said, total=job.total, completed=job.total - job.pending)

        return client.wait(job_id, show, timeout=timeout)


def has_failed(job: JobSummary) -> bool:
    """Whether a job has ended otherwise than with a result of every ticker."""
    return job.status in NOT_DONE


def tell(job: JobSummary, details: Sequence[DetailRow], *, as_json: bool, **more: object) -> int:
    """Print a job with its tickers; 1 when it has failed, or a ticker of it."""
    if as_json:
        print_json({**more, "job": job, "details": details})
    else:
        show_table(details_table(details), "No ticker of it is known yet.")
        print(sentence(job))
    return 1 if has_failed(job) else 0


def sentence(job: JobSummary) -> str:
    """Where a job stands, in words."""
    counts = f"{job.completed} of {job.total} tickers"
    parts = [f"{job.reused} known already"] if job.reused else []
    parts += [f"{job.failed} failed"] if job.failed else []
    parts += [f"some {job.eta_seconds:.0f} s to go"] if job.eta_seconds else []
    why = f": {job.status_reason}" if job.status_reason else ""
    return f"{job.job_id}: {job.status}, {', '.join([counts, *parts])}{why}"


def details_table(details: Sequence[DetailRow]) -> Table:
    """The tickers, the best score first; those without one by name, behind."""
    made = table(
        "Ticker", "Verdict", right=("Score", "Entry", "Stop", "Target", "Shares", "Cost"), last="Notes and errors"
    )
    for row in sorted(details, key=lambda one: (one.score is None, -(one.score or 0), one.ticker)):
        said = row.error_message or "; ".join(row.notes)
        figures = [figure(value) for value in (row.entry, row.stop_loss, row.target, row.position_size, row.cost)]
        made.add_row(row.ticker, verdict(row.verdict) or str(row.status), figure(row.score, ".1f"), *figures, said)
    return made
