"""Looks whether the database `stocks` is as it must be: `python -m include.storage.doctor`. It changes nothing."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from include.model.errors import SchemaError
from include.model.notifications import Channel
from include.settings import settings
from include.storage.address import Address, NoAddressError, stocks_address
from include.storage.connection import Connection, DatabaseError, connect, queries
from include.storage.difference import Difference, Part
from include.storage.drift import find_drift
from include.storage.schema import MEND_COMMAND, SCHEMA_VERSION, check_schema

UNTOLD_MINUTES = 120  # without a connection the outbox is looked at once an hour
GIVEN_UP_DAYS = 7
CLEAR = "clear their runs in Airflow, which does these jobs again"
FOLLOW = (
    "DELETE FROM follow_ups USING analysis_results AS result WHERE result.id = result_id"
    " AND (result.verdict, result.score) IS DISTINCT FROM (follow_ups.verdict, follow_ups.score);"
    " INSERT INTO follow_ups (result_id, ticker, strategy, data_source, session_date, verdict, score, written_at)"
    " SELECT id, ticker, strategy, data_source, session_date, verdict, score, completed_at FROM analysis_results"
    " ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has found: nothing, or what is wrong and what mends it."""

    check: str
    troubles: tuple[str, ...] = ()
    mend: str = ""

    def __str__(self) -> str:
        if not self.troubles:
            return f"ok     {self.check}"
        lines = [f"wrong  {self.check}", *self.troubles, *([f"what to do: {self.mend}"] if self.mend else [])]
        return "\n       ".join(lines)


def examine(address: Address, app_role: str, silent_minutes: float) -> Iterator[Finding]:
    """Every check, one after the other; those that make no sense after a bad one are left out."""
    check = "the database answers"
    try:
        connection = connect(address.conninfo)
    except DatabaseError as error:
        yield Finding(check, (_first_line(error),), "start it, or mend the address")
        return
    with connection:
        yield Finding(check)
        version = _version(connection)
        yield version
        if version.troubles:
            return
        yield from _tables_and_rights(connection, app_role)
        if address.is_of_tasks:
            yield _role_of_tasks(connection, app_role)
        yield from _rows(connection, app_role, silent_minutes)
        yield from _notifications(connection)


def _version(connection: Connection) -> Finding:
    check = f"its schema is the {SCHEMA_VERSION} of this code"
    try:
        check_schema(connection)
    except SchemaError as error:
        return Finding(check, (str(error),))
    except DatabaseError as error:
        return _not_looked_at(check, error)
    return Finding(check)


def _tables_and_rights(connection: Connection, app_role: str) -> Iterator[Finding]:
    try:
        drift = find_drift(connection, app_role)
    except DatabaseError as error:
        yield _not_looked_at("everything is as the migrations made it", error)
        return
    for part in Part:
        found = [difference for difference in drift if difference.part is part]
        yield Finding(f"{part} are as the migrations made them", tuple(map(str, found)), _mend(found))


def _mend(found: Sequence[Difference]) -> str:
    if all(difference.mend for difference in found):
        return f"`{MEND_COMMAND}` runs these statements, all or none"
    return "mend by hand what has no statement beside it"


def _role_of_tasks(connection: Connection, app_role: str) -> Finding:
    check, user = f"tasks connect as {app_role}, whose rights these are", connection.info.user
    if user == app_role:
        return Finding(check)
    return Finding(check, (f"they connect as {user}",), "set BELLWETHER_APP_ROLE, or mend the connection")


def _rows(connection: Connection, app_role: str, silent_minutes: float) -> Iterator[Finding]:
    """What must not be found in the tables, whatever happened."""
    ask = queries()
    yield _nothing(
        "no statement may wait for ever",
        lambda: ask.missing_limits(connection),
        "the pooler gives them to its sessions: Connection pooling in docs/operating.md",
    )
    yield _nothing(
        "the records of requests and actions only grow",
        lambda: ask.audit_rights(connection, app_role=app_role),
        f"`{MEND_COMMAND}`",
    )
    yield _nothing(
        "every index is valid",
        lambda: ask.invalid_indexes(connection),
        "wait if it is being built, else REINDEX INDEX it",
    )
    yield _nothing(
        "no two equal jobs are active",
        lambda: ask.equal_active_jobs(connection),
        "mark the run of all but the first failed in Airflow",
    )
    yield _nothing(
        f"no active job has been silent for {silent_minutes:g} minutes",
        lambda: ask.silent_jobs(connection, minutes=silent_minutes),
        "the DAG stocks_housekeeping ends them: is it paused, or Airflow's scheduler away?",
    )
    yield _nothing("no ended job has open tickers", lambda: ask.open_details_of_ended_jobs(connection), CLEAR)
    yield _nothing("every job has all its tickers", lambda: ask.jobs_without_all_details(connection), CLEAR)
    yield _nothing(
        "every result has its job",
        lambda: ask.results_without_job(connection),
        "DELETE FROM analysis_results WHERE job_id NOT IN (SELECT job_id FROM analysis_jobs)",
    )
    yield _nothing(
        "the screener shows the newest result of every ticker",
        lambda: ask.outdated_latest_results(connection),
        "UPDATE analysis_results SET completed_at = completed_at, which the triggers answer",
    )
    yield _nothing("every verdict is followed", lambda: ask.verdicts_not_followed(connection), FOLLOW)
    yield _nothing(
        "every analysed ticker has its result, or the deletion is recorded",
        lambda: ask.details_without_result(connection),
        CLEAR,
    )


def _notifications(connection: Connection) -> Iterator[Finding]:
    """Whether users who want to be told are told. Jobs never depend on it."""
    ask, chosen = queries(), settings()
    ways = {Channel.EMAIL: chosen.smtp_connection_id, Channel.WEBHOOK: chosen.webhook_connection_id}
    yield _nothing(
        f"no notification has waited for {UNTOLD_MINUTES} minutes",
        lambda: ask.untold(connection, minutes=UNTOLD_MINUTES),
        "the DAG stocks_notifications sends them: is it paused, or Airflow's scheduler away?",
    )
    yield _nothing(
        f"no notification was given up in {GIVEN_UP_DAYS} days",
        lambda: ask.given_up_notifications(connection, days=GIVEN_UP_DAYS),
        "mend the connection or the address; what was given up is not sent again",
    )
    yield _nothing(
        "whoever wants to be told has a way",
        lambda: ask.wanting_in_vain(connection, channels=[way for way, set_ in ways.items() if set_]),
        "set BELLWETHER_SMTP_CONNECTION_ID or BELLWETHER_WEBHOOK_CONNECTION_ID to a connection of Airflow",
    )


def _nothing(check: str, look: Callable[[], Iterator[dict[str, Any]]], mend: str) -> Finding:
    try:
        rows = list(look())
    except DatabaseError as error:
        return _not_looked_at(check, error)
    if not rows:
        return Finding(check)
    more = [f"and {rows[0]['found'] - len(rows)} more"] if rows[0]["found"] > len(rows) else []
    return Finding(check, tuple(row["what"] for row in rows) + tuple(more), mend)


def _not_looked_at(check: str, error: DatabaseError) -> Finding:
    return Finding(check, (f"could not be looked at: {_first_line(error)}",))


def _first_line(error: DatabaseError) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def main() -> int:
    """Print every finding; the exit status: 0 all is well, 1 something is wrong, 2 no database is named."""
    try:
        address = stocks_address(os.environ, settings().connection_id)
    except NoAddressError as error:
        print(error, file=sys.stderr)
        return 2
    is_well = True
    for finding in examine(address, settings().app_role, settings().silent_job_minutes):
        print(finding, flush=True)
        is_well = is_well and not finding.troubles
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
