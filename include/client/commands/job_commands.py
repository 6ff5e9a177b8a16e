"""`watch`, `jobs`, `progress`, `show`, `errors`, `cancel`, `retry-failed`, `delete`: jobs that there are."""

from collections.abc import Sequence
from typing import Any

from include.client.commands.options import command, given, natural, open_client
from include.client.commands.output import figure, moment, print_json, show_table, table
from include.client.commands.submit_command import add_waiting, follow
from include.client.commands.watching import add_timeout, sentence, tell, watch
from include.model.job import DetailStatus, JobStatus
from include.model.reading import JobSummary
from include.model.request import Trigger


def run_watch(arguments: Sequence[str]) -> int:
    """Watch a job until it ends; 1 when it has failed."""
    parser = command("watch", "Watch a job until it ends, and show its verdicts. Ctrl-C leaves it running.")
    parser.add_argument("job_id", metavar="JOB")
    add_timeout(parser)
    options = parser.parse_args(arguments)
    with open_client(options) as client:
        job = watch(client, options.job_id, options.timeout)
        return tell(job, list(client.details(job.job_id)), as_json=options.json)


def run_show(arguments: Sequence[str]) -> int:
    """Show a job with its tickers; 1 when it has failed."""
    parser = command("show", "A job as it stands, with its tickers.")
    parser.add_argument("job_id", metavar="JOB")
    parser.add_argument("--status", choices=[str(status) for status in DetailStatus], help="only these tickers")
    options = parser.parse_args(arguments)
    with open_client(options) as client:
        job = client.job(options.job_id)
        return tell(job, list(client.details(options.job_id, status=options.status)), as_json=options.json)


def run_errors(arguments: Sequence[str]) -> int:
    """List why tickers of a job failed."""
    parser = command("errors", "Why tickers of a job failed, the most frequent reason first, and what to do.")
    parser.add_argument("job_id", metavar="JOB")
    options = parser.parse_args(arguments)
    with open_client(options) as client:
        found = client.errors(options.job_id)
    if options.json:
        print_json(found)
        return 0
    made = table("Reason", right=("Tickers",), last="Which, and what to do")
    for one in found:
        more = ", ..." if one.count > len(one.tickers) else ""
        made.add_row(one.code, str(one.count), f"{', '.join(one.tickers)}{more}: {one.message}\n{one.what_to_do}")
    show_table(made, "No ticker of it has failed.")
    return 0


def run_jobs(arguments: Sequence[str]) -> int:
    """List jobs."""
    parser = command("jobs", "Jobs, the newest first.")
    parser.add_argument("--status", choices=[str(status) for status in JobStatus])
    parser.add_argument("--requested-by", metavar="USER")
    parser.add_argument("--trigger", choices=[str(trigger) for trigger in Trigger], help="by which door")
    parser.add_argument("--since", metavar="TIME", help="created then or later, as 2026-11-20 or 2026-11-20T09:00Z")
    parser.add_argument("--limit", type=natural, default=20, metavar="N", help="most of them (default 20)")
    options = parser.parse_args(arguments)
    filters: dict[str, Any] = given(options, "status", "requested_by", "trigger", "since")
    with open_client(options) as client:
        found = list(client.jobs(options.limit, **filters))
    if options.json:
        print_json(found)
    else:
        _list(found, "There is no such job.")
    return 0


def run_progress(arguments: Sequence[str]) -> int:
    """List what is going on."""
    parser = command("progress", "All active jobs, and then those that ended in the last hour.")
    parser.add_argument("--limit", type=natural, default=50, metavar="N", help="most of each (default 50)")
    options = parser.parse_args(arguments)
    with open_client(options) as client:
        found = client.progress(options.limit)
    if options.json:
        print_json(found)
    else:
        _list(found.items, "Nothing is going on, and no job has ended in the last hour.")
    return 0


def _list(jobs: Sequence[JobSummary], nothing: str) -> None:
    made = table("Job", "Status", "By", "Strategy", "Created", right=("Done", "Of", "Failed", "Seconds"))
    for job in jobs:
        names = (job.job_id, str(job.status), job.requested_by or "", job.strategy or "", moment(job.created_at))
        made.add_row(*names, *map(str, (job.completed, job.total, job.failed)), figure(job.worked_seconds, ".1f"))
    show_table(made, nothing)


def run_cancel(arguments: Sequence[str]) -> int:
    """End a job; 1 when it had ended by itself."""
    parser = command("cancel", "End a job: what is done stays. Exit status 1 when it had ended otherwise before.")
    parser.add_argument("job_id", metavar="JOB")
    options = parser.parse_args(arguments)
    with open_client(options) as client:
        job = client.cancel(options.job_id)
    if options.json:
        print_json(job)
    else:
        print(sentence(job))
    return 0 if job.status is JobStatus.CANCELLED else 1


def run_retry_failed(arguments: Sequence[str]) -> int:
    """Ask for the failed tickers of a job again."""
    parser = command("retry-failed", "Ask for the failed tickers of an ended job again, as a job of their own.")
    parser.add_argument("job_id", metavar="JOB")
    add_waiting(parser)
    options = parser.parse_args(arguments)
    with open_client(options) as client:
        return follow(client, client.retry_failed(options.job_id), options)


def run_delete(arguments: Sequence[str]) -> int:
    """Remove an ended job."""
    parser = command("delete", "Remove an ended job, and the results that it alone wrote; for administrators.")
    parser.add_argument("job_id", metavar="JOB")
    options = parser.parse_args(arguments)
    with open_client(options) as client:
        client.delete(options.job_id)
    if options.json:
        print_json({"deleted": options.job_id})
    else:
        print(f"{options.job_id}: removed")
    return 0
