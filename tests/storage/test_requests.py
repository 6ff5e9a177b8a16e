"""The record of requests only grows."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from include.storage.connection import Connection
from include.storage.requests import Disposition, Door, RequestRecord, door_of_run, record_request
from tests.storage.demands import demand

CREATED = RequestRecord(
    requested_by="ann",
    door=Door.REST,
    raw={"tickers": ["IBM"]},
    request=demand().request,
    disposition=Disposition.CREATED,
    job_id="run-1",
    reason=None,
    latency_ms=12.5,
)
REFUSED = replace(CREATED, request=None, disposition=Disposition.REFUSED, job_id=None, reason="no such strategy")


def recorded(connection: Connection) -> list[dict[str, Any]]:
    return connection.execute(
        "SELECT requested_by, door, raw, disposition, job_id, reason FROM analysis_requests ORDER BY id"
    ).fetchall()


def test_accepted_and_refused_requests_are_recorded_with_what_was_sent(connection: Connection) -> None:
    for record in (CREATED, replace(CREATED, disposition=Disposition.JOINED), REFUSED):
        record_request(connection, record)
    found = recorded(connection)
    assert [(row["disposition"], row["job_id"], row["reason"]) for row in found] == [
        ("created", "run-1", None),
        ("joined", "run-1", None),
        ("refused", None, "no such strategy"),
    ]
    assert found[0]["raw"] == {"tickers": ["IBM"]}


@pytest.mark.parametrize(
    "raw",
    [{"n": float("nan")}, {"a\0b": "c\0d"}, "\\u0000", {"\ud800": "\udfff"}, [1, None], "text", None, {"n": 10**40}],
)
def test_whatever_was_sent_can_be_recorded(connection: Connection, raw: Any) -> None:
    record_request(connection, replace(REFUSED, raw=raw))
    assert len(recorded(connection)) == 1


@pytest.mark.parametrize("reason", ["a\0b: there is no such field", "\ud800: there is no such field"])
def test_whatever_the_reason_is_it_can_be_recorded(connection: Connection, reason: str) -> None:
    record_request(connection, replace(REFUSED, reason=reason))
    assert recorded(connection)[0]["reason"].endswith(": there is no such field")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE analysis_requests SET reason = 'x'", "DELETE FROM analysis_requests", "TRUNCATE analysis_requests"],
)
def test_the_role_of_tasks_and_api_changes_and_deletes_none(connection: Connection, statement: str) -> None:
    record_request(connection, CREATED)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)
    assert len(recorded(connection)) == 1


@pytest.mark.parametrize(
    "impossible",
    [
        replace(CREATED, job_id=None),
        replace(REFUSED, reason=None),
        replace(REFUSED, job_id="run-1"),
        replace(CREATED, requested_by=""),
    ],
)
def test_a_record_that_cannot_be_is_refused(connection: Connection, impossible: RequestRecord) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        record_request(connection, impossible)


def test_a_run_came_in_by_the_door_that_made_it_for_its_user_last(connection: Connection) -> None:
    assert door_of_run(connection, "run-1", "ann") is None
    record_request(connection, replace(CREATED, run_id="run-1", door=Door.REST))
    record_request(connection, replace(CREATED, run_id="run-1", door=Door.UI))
    record_request(connection, replace(CREATED, run_id="run-1", door=Door.CLI, disposition=Disposition.JOINED))
    record_request(connection, replace(CREATED, run_id="run-1", door=Door.API, requested_by="bob"))
    assert [door_of_run(connection, "run-1", user) for user in ("ann", "bob", "eve")] == [Door.UI, Door.API, None]
