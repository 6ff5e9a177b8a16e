"""`requests`, `duplicates`: who asked for what, and whether work was done twice."""

from collections.abc import Sequence
from typing import Any

from include.client.answers import Duplicates
from include.client.commands.options import command, given, natural, number, open_client
from include.client.commands.output import console, figure, moment, print_json, show_table, table


def run_requests(arguments: Sequence[str]) -> int:
    """List requests, or show what was sent in one of them."""
    parser = command("requests", "The record of requests, the newest first, or what was sent in one of them.")
    parser.add_argument("id", nargs="?", type=natural, metavar="ID", help="only this one, with what was sent, as JSON")
    parser.add_argument("--door", help="as ui, rest, api, cli, schedule")
    parser.add_argument("--disposition", help="as created, joined, repeated, refused")
    parser.add_argument("--since", metavar="TIME", help="then or later, as 2026-11-20 or 2026-11-20T09:00Z")
    parser.add_argument("--requested-by", metavar="USER", help="for those who see everybody's")
    parser.add_argument("--job", dest="job_id", metavar="JOB", help="that this job answered")
    parser.add_argument("--limit", type=natural, default=20, metavar="N", help="most of them (default 20)")
    options = parser.parse_args(arguments)
    filters: dict[str, Any] = given(options, "door", "disposition", "since", "requested_by", "job_id")
    with open_client(options) as client:
        if options.id:
            print_json(client.record.request(options.id))
            return 0
        found = list(client.record.requests(options.limit, **filters))
    if options.json:
        print_json(found)
        return 0
    made = table("Id", "Time", "By", "Door", "What became of it", "Job", right=("ms",), last="Why")
    for one in found:
        names = (str(one.id), moment(one.requested_at), one.requested_by, one.door, one.disposition, one.job_id or "")
        made.add_row(*names, figure(one.latency_ms, ".0f"), one.reason or "")
    show_table(made, "There is no such request.")
    return 0


def run_duplicates(arguments: Sequence[str]) -> int:
    """Say whether work was done twice; 1 when it was."""
    parser = command("duplicates", "Equal jobs that were created close together. Exit status 1: work was done twice.")
    parser.add_argument("--seconds", type=number, metavar="N", help="so close together (default 2)")
    parser.add_argument("--since", metavar="DATE", help="on this day or later (default: the last 30 days)")
    options = parser.parse_args(arguments)
    with open_client(options) as client:
        found = client.record.duplicates(seconds=options.seconds, since=options.since)
    if options.json:
        print_json(found)
    else:
        _tell(found)
    return 0 if found.passed else 1


def _tell(found: Duplicates) -> None:
    made = table("By", "Earlier", "Later", right=("Seconds", "Tickers", "Twice"), last="Kind")
    for pair in found.pairs:
        counts = (figure(pair.seconds_apart, ".2f"), str(pair.total), str(pair.computed_twice))
        made.add_row(pair.requested_by, pair.earlier.job_id, pair.later.job_id, *counts, pair.kind.replace("_", " "))
    if found.pairs:
        console().print(made)
    said = "PASS" if found.passed else "FAIL"
    print(f"{said}: {found.duplicate_count} of {found.pair_count} pairs of equal jobs did work twice")
