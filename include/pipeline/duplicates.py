"""Finds work that was done twice, and cleans it up on request: `python -m include.pipeline.duplicates [clean]`."""

import argparse
import json
import os
import pwd
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from include.jobs.duplicates import PAGE, clean_duplicates, find_duplicates, report_document
from include.model.duplicates import Cleaning, DuplicateReport, DuplicateSearch, EqualPair, PairKind
from include.model.errors import BellwetherError
from include.storage.connection import Connection, DatabaseError
from include.storage.schema import check_schema
from include.terminal.console import console

PROGRAM = "python -m include.pipeline.duplicates"
SAID = {
    PairKind.COMPUTED_TWICE: "{pair.computed_twice} of {pair.total} tickers computed twice",
    PairKind.SIMULTANEOUS: "at work at the same time",
    PairKind.REUSED: "fine: the later one reused results",
    PairKind.ASKED_AGAIN: "fine: asked again after the end",
}


def show(connection: Connection, search: DuplicateSearch, *, as_json: bool) -> int:
    """Print the pairs and whether the search has passed; the exit status: 0 it has, 1 it has not."""
    report = find_duplicates(connection, search, most=None if as_json else PAGE)
    if as_json:
        print(json.dumps(report_document(report), indent=2))
    else:
        _print(report)
    return 0 if report.passed else 1


def _print(report: DuplicateReport) -> None:
    if report.pairs:
        console().print(_table(report.pairs))
    if report.pair_count > len(report.pairs):
        print(f"... and {_count(report.pair_count - len(report.pairs), 'pair')} more, which --json lists too")
    found = (
        f"{_count(report.pair_count, 'pair')} of equal jobs created within {report.search.seconds:g} s of each other"
    )
    if report.passed:
        print(f"PASS: {found}; nothing was done twice")
    else:
        print(f"FAIL: {found}; {report.duplicate_count} of them did the same work twice")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def _table(pairs: Sequence[EqualPair]) -> Table:
    """Two lines a pair: the earlier job, and the later one."""
    table = Table("User", "Jobs", "Status", "Created", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Apart", justify="right", no_wrap=True)
    table.add_column("What they did", overflow="fold")
    for pair in pairs:
        jobs = (pair.earlier, pair.later)
        table.add_row(
            pair.requested_by,
            "\n".join(job.job_id for job in jobs),
            "\n".join(job.status for job in jobs),
            "\n".join(f"{job.created_at:%Y-%m-%d %H:%M:%S}" for job in jobs),
            f"{pair.seconds_apart:.3f} s",
            Text(SAID[pair.kind].format(pair=pair), style="bold red" if pair.kind.is_duplicate else "dim"),
        )
    return table


def clean(connection: Connection, search: DuplicateSearch, actor: str, *, really: bool, as_json: bool) -> int:
    """Clean, or say what would be done; the exit status: 0 every duplicate is (would be) cleaned, 1 not."""
    cleanings = clean_duplicates(connection, search, actor, really=really)
    done = list(cleanings) if as_json else list(_told(cleanings, really=really))
    refused = sum(cleaning.refused is not None for cleaning in done)
    if as_json:
        print(json.dumps({"really": really, "cleanings": [asdict(cleaning) for cleaning in done]}, indent=2))
    else:
        print(_sum(len(done) - refused, refused, really=really))
    return 1 if refused else 0


def _told(cleanings: Iterator[Cleaning], *, really: bool) -> Iterator[Cleaning]:
    """The same, each printed when it is done: whoever interrupts us knows how far we were."""
    for cleaning in cleanings:
        if cleaning.refused is not None:
            print(f"{cleaning.earlier_id}, {cleaning.later_id}: left as they are: {cleaning.refused}")
        else:
            print(f"{cleaning.removed_id}: {'removed' if really else 'would be removed'}; kept: {cleaning.kept_id}")
        yield cleaning


def _sum(removed: int, refused: int, *, really: bool) -> str:
    left = f", {_count(refused, 'pair')} left as they are" if refused else ""
    if really:
        return f"{_count(removed, 'job')} removed{left}"
    again = "; with --really it is done" if removed else ""
    return f"dry run, nothing was changed: {_count(removed, 'job')} would be removed{left}{again}"


def main(arguments: Sequence[str]) -> int:
    """Find, or clean when the first argument says so, in the database of Airflow's connection."""
    wants_clean = arguments[:1] == ["clean"]
    parser = _clean_parser() if wants_clean else _find_parser()
    options = parser.parse_args(arguments[1:] if wants_clean else arguments)
    try:
        search = DuplicateSearch(seconds=options.seconds, since=options.since, user=options.user)
        return _run(search, options, wants_clean=wants_clean)
    except (BellwetherError, DatabaseError) as error:
        print(error, file=sys.stderr)
        return 2


def _run(search: DuplicateSearch, options: argparse.Namespace, *, wants_clean: bool) -> int:
    from include.pipeline.database import stocks_database  # Airflow, which --help need not wait for

    with stocks_database() as connection:
        check_schema(connection)
        if not wants_clean:
            return show(connection, search, as_json=options.json)
        actor = options.actor or _account()
        return clean(connection, search, actor, really=options.really, as_json=options.json)


def _find_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="List pairs of equal jobs of one user that were created close together, and say whether any work "
        "was done twice. Runs where the tasks run, with their connection. Exit status: 0 PASS, 1 FAIL, 2 could "
        "not look.",
        epilog=f"`{PROGRAM} clean --help`: remove the duplicates.",
    )
    return _with_filters(parser)


def _clean_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"{PROGRAM} clean",
        description="Remove one job of every pair that did the same work; the other one takes over its results. "
        "Without --really it says what it would do. Exit status: 0 all of them, 1 some are left, "
        "2 could not look.",
    )
    parser.add_argument("--really", action="store_true", help="do it, and record it in analysis_actions")
    parser.add_argument("--as", dest="actor", metavar="NAME", help="who does it (default: the account of the system)")
    return _with_filters(parser)


def _with_filters(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--seconds", type=float, default=2.0, metavar="N", help="created within so many (default 2)")
    parser.add_argument(
        "--since", type=date.fromisoformat, metavar="DATE", help="the later job is of this day or after"
    )
    parser.add_argument("--user", metavar="NAME", help="only the jobs of this user")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


def _account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # an account without a name, as containers have
        return f"uid {os.getuid()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
