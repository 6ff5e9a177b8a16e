"""`submit`: ask for an analysis, and with --wait see what comes of it."""

import argparse
from collections.abc import Sequence
from typing import Any

from include.client.answers import Submission
from include.client.client import Client
from include.client.commands.options import PROGRAM, command, given, natural, number, open_client
from include.client.commands.output import print_json
from include.client.commands.watching import add_timeout, tell, watch
from include.model.bars import DataSource
from include.model.job import JobStatus
from include.model.request import OnDuplicate

FIELDS = (
    "universe",
    "strategy",
    "data_source",
    "capital",
    "risk_percent",
    "position_limit_percent",
    "min_risk_reward",
    "as_of",
    "force",
    "on_duplicate",
    "request_id",
    "batch_size",
)
NUMBERS = ("capital", "risk_percent", "position_limit_percent", "min_risk_reward")
ALREADY = {JobStatus.QUEUED: "already queued", JobStatus.PROCESSING: "already running"}


def run(arguments: Sequence[str]) -> int:
    """Ask; 1 when the job that was waited for has failed."""
    parser = command("submit", "Ask for an analysis; of your watchlist when nothing is named.")
    parser.add_argument("tickers", nargs="*", metavar="TICKER", help="as Yahoo writes them: JPM, BRK-B, TCS.NS")
    parser.add_argument("--universe", help="a named set of tickers instead; `universes` lists them")
    add_fields(parser)
    options = parser.parse_args(arguments)
    fields: dict[str, Any] = given(options, "tickers", *FIELDS)
    with open_client(options) as client:
        return follow(client, client.submit(**fields), options)


def add_fields(parser: argparse.ArgumentParser) -> None:
    """Add the fields of a request beside its tickers, and whether to wait."""
    parser.add_argument("--strategy", help="one of those that `strategies` lists")
    parser.add_argument("--source", dest="data_source", choices=[str(name) for name in DataSource])
    for name in NUMBERS:
        parser.add_argument(f"--{name.replace('_', '-')}", type=number, metavar="N")
    parser.add_argument("--as-of", metavar="DATE", help="the last session up to it; else the last completed one")
    parser.add_argument("--force", action="store_true", help="beside an equal active job, and all of it computed anew")
    parser.add_argument("--on-duplicate", choices=[str(way) for way in OnDuplicate], help="if an equal job is active")
    parser.add_argument("--request-id", metavar="KEY", help="your own key: the same one again gets the same answer")
    parser.add_argument("--batch-size", type=natural, metavar="N", help="tickers a mapped task")
    add_waiting(parser)


def add_waiting(parser: argparse.ArgumentParser) -> None:
    """Add whether to wait, and for how long."""
    parser.add_argument("--wait", action="store_true", help="watch it until it ends, and show the verdicts")
    add_timeout(parser)


def follow(client: Client, submission: Submission, options: argparse.Namespace) -> int:
    """Say what became of a request, and with --wait of its job."""
    if not options.json:
        print(sentence(submission))
    if options.wait:
        job = watch(client, submission.job_id, options.timeout)
        details = list(client.details(job.job_id))
        return tell(job, details, as_json=options.json, submission=submission)
    if options.json:
        print_json({"submission": submission})
    elif submission.status.is_active:
        print(f"Watch it: {PROGRAM} watch {submission.job_id}")
    return 0


def sentence(submission: Submission) -> str:
    """What became of a request, in words."""
    status, reached = submission.status, f"{submission.completed} of {submission.total}"
    if not submission.is_duplicate and status is JobStatus.QUEUED:
        return f"{submission.job_id}: queued, {submission.total} tickers"
    said = ALREADY.get(status, f"already {status}") if submission.is_duplicate else str(status)
    return f"{submission.job_id}: {said}, {reached}"
