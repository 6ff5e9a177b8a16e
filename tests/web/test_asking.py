"""One request through a door, where two meet at one moment; the whole way stands in the end-to-end tests."""

import threading
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from include.jobs.submission import RunState
from include.model.errors import InvalidRequestError, SchemaError, TooManyJobsError
from include.settings import Settings
from include.storage.connection import Connection, connect
from include.storage.requests import Disposition, Door, answer_request_id
from include.storage.watchlist import add_to_watchlist
from include.web.asking import Asked, ask
from local.postgres import Cluster


class KeptRunsInMemory:
    def __init__(self) -> None:
        self.made: list[str] = []
        self.kept: list[str] = []

    def state(self, run_id: str) -> RunState | None:
        return RunState.ACTIVE if run_id in self.kept else None

    def is_equal(self, run_id: str) -> bool:
        return False

    def under_way(self) -> list[str]:
        return self.kept

    def create(self, run_id: str) -> bool:
        self.made.append(run_id)
        return True

    def keep(self) -> None:
        self.kept += self.made

    def drop(self) -> None:
        self.made.clear()


def recorded(connection: Connection) -> list[tuple[Any, ...]]:
    found = connection.execute("SELECT disposition, reason FROM analysis_requests").fetchall()
    return [tuple(row.values()) for row in found]


def test_of_two_requests_that_are_given_one_request_id_at_one_moment_one_is_refused_and_makes_no_run(
    connection: Connection, app_url: str
) -> None:
    runs, refusals = KeptRunsInMemory(), []
    asked = Asked(raw={"tickers": ["IBM"], "request_id": "mine"}, user="ann", door=Door.API)

    def second() -> None:
        with connect(app_url) as own, pytest.raises(InvalidRequestError) as refusal:
            ask(own, runs, asked)
        refusals.append(str(refusal.value))

    thread = threading.Thread(target=second)
    with connect(app_url) as other, other.transaction():
        answer_request_id(other, "ann", "mine", "a" * 64, "first", Disposition.CREATED)
        thread.start()
        while connection.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is None:
            assert thread.is_alive()
    thread.join(timeout=30)
    assert "it was given to another request, of job first" in refusals[0]
    assert (runs.kept, recorded(connection)) == ([], [("refused", refusals[0])])


def test_a_request_that_is_sent_again_gets_its_answer_also_when_the_watchlist_has_changed(
    connection: Connection,
) -> None:
    add_to_watchlist(connection, "ann", ["IBM"])
    runs, asked = KeptRunsInMemory(), Asked(raw={"request_id": "mine"}, user="ann", door=Door.API)
    first = ask(connection, runs, asked).submission
    add_to_watchlist(connection, "ann", ["KO"])
    again = ask(connection, runs, asked).submission
    assert (again.run_id, again.repeated) == (first.run_id, True)
    with pytest.raises(InvalidRequestError, match="it was given to another request"):
        ask(connection, runs, replace(asked, raw={"request_id": "mine", "tickers": ["KO"]}))


def test_a_request_id_whose_run_came_to_nothing_is_answered_anew(connection: Connection) -> None:
    raw, runs = {"tickers": ["IBM"], "request_id": "mine"}, KeptRunsInMemory()
    first = ask(connection, runs, Asked(raw=raw, user="ann", door=Door.API)).submission
    runs.kept.clear()  # it was deleted
    runs.made.clear()
    second = ask(connection, runs, Asked(raw={**raw, "capital": 5}, user="bob", door=Door.API)).submission
    again = ask(connection, runs, Asked(raw=raw, user="ann", door=Door.API)).submission
    assert (first.created, second.created, again.created) == (True, True, True)
    assert ask(connection, runs, Asked(raw=raw, user="ann", door=Door.API)).submission.repeated


def test_one_job_too_many_is_refused_and_recorded_and_makes_no_run(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("include.jobs.room.settings", lambda: Settings(max_active_jobs=1))
    runs, first = KeptRunsInMemory(), Asked(raw={"tickers": ["IBM"]}, user="ann", door=Door.API)
    run_id = ask(connection, runs, first).submission.run_id
    runs.made.clear()
    with pytest.raises(TooManyJobsError) as refusal:
        ask(connection, runs, replace(first, raw={"tickers": ["JPM"]}))
    assert ask(connection, runs, first).submission.run_id == run_id
    assert (runs.made, runs.kept) == ([], [run_id])
    said = [("created", None), ("refused", str(refusal.value)), ("joined", None)]
    assert recorded(connection) == said
    assert run_id in str(refusal.value)


def test_no_run_is_made_while_the_database_is_at_another_schema(
    connection: Connection, cluster: Cluster, database: str
) -> None:
    with psycopg.connect(cluster.url(database), autocommit=True) as superuser:
        superuser.execute("UPDATE schema_version SET version_num = '0001'")
    runs = KeptRunsInMemory()
    with pytest.raises(SchemaError, match=r"run `python -m include.storage.migrate`"):
        ask(connection, runs, Asked(raw={"tickers": ["IBM"]}, user="ann", door=Door.API))
    assert (runs.made, recorded(connection)) == ([], [])
