"""What an operator reads: the work of the last days, what waits, how a source with a limit stands."""

from datetime import UTC, datetime, timedelta

import pytest

from include.market.limits import standing
from include.model.bars import DataSource
from include.model.errors import ErrorCode, Refusal
from include.model.job import JobStatus
from include.model.operating import DayOfWork, SourceStanding
from include.model.viewer import Viewer
from include.settings import Settings
from include.storage.connection import Connection
from include.storage.jobs import finalize_job
from include.storage.limits import Pauses, add_source, note_failure, note_success
from include.storage.operating import days_of_work, waiting_jobs
from include.storage.results import store_outcomes
from tests.storage.demands import begun, demand, opened, outcome

ANN, BOB = (Viewer(name=name, sees_all=False) for name in ("ann", "bob"))
ADMIN = Viewer(name="admin", sees_all=True)
YAHOO = DataSource.YAHOO
SETTINGS = Settings(requests_per_minute=60, away_minutes=30)
PAUSES = Pauses(most_failures=3, first=60, longest=900)


def mixed(connection: Connection, job_id: str, *failures: ErrorCode) -> None:
    """A job that has a result for one ticker, and these for the others."""
    refusals = [Refusal(f"F{number}", code, "why") for number, code in enumerate(failures)]
    tickers = [f"OF{job_id.replace('-', '')}", *(one.ticker for one in refusals)]
    batch = begun(connection, job_id, demand(*tickers))
    store_outcomes(connection, batch, [outcome(tickers[0]), *refusals])
    finalize_job(connection, job_id)


def move(connection: Connection, job_id: str, days: int) -> None:
    """Let a job have ended so many days ago."""
    connection.execute(
        "UPDATE analysis_jobs SET completed_at = completed_at - make_interval(days => %s) WHERE job_id = %s",
        [days, job_id],
    )


def of_today(connection: Connection, viewer: Viewer = ADMIN) -> DayOfWork:
    return days_of_work(connection, viewer, 30)[-1]


def test_every_day_is_told_with_what_ended_on_it(connection: Connection) -> None:
    mixed(connection, "run-1")
    mixed(connection, "run-2", ErrorCode.NO_DATA, ErrorCode.NO_DATA, ErrorCode.STALE_PRICES)
    mixed(connection, "run-3", ErrorCode.NO_DATA)
    move(connection, "run-3", 2)
    opened(connection, "run-4", demand("KO"))
    found = days_of_work(connection, ADMIN, 3)
    assert [one.day for one in found] == [(datetime.now(UTC) - timedelta(days=back)).date() for back in (2, 1, 0)]
    before, nothing, today = found
    assert today.jobs == {JobStatus.COMPLETED: 1, JobStatus.COMPLETED_WITH_ERRORS: 1}
    assert (today.tickers_done, today.tickers_failed) == (2, 3)
    assert today.failures == {"no_data": 2, "stale_prices": 1}
    assert (nothing.jobs, nothing.tickers_done, nothing.failures) == ({}, 0, {})
    assert (before.tickers_done, before.failures) == (1, {"no_data": 1})


def test_what_ended_before_the_days_is_not_told(connection: Connection) -> None:
    mixed(connection, "run-1")
    move(connection, "run-1", 30)
    assert not any(one.jobs for one in days_of_work(connection, ADMIN, 30))
    assert sum(one.tickers_done for one in days_of_work(connection, ADMIN, 31)) == 1


def test_the_days_are_of_the_jobs_that_somebody_may_see(connection: Connection) -> None:
    mixed(connection, "run-1", ErrorCode.NO_DATA)
    assert of_today(connection, ANN).tickers_failed == 1
    assert of_today(connection, BOB).jobs == {}
    connection.execute("UPDATE analysis_jobs SET scope = 'shared'")
    assert of_today(connection, BOB).tickers_done == 1


def test_what_waits_is_told_by_its_source_to_who_may_see_it(connection: Connection) -> None:
    begun(connection, "run-1", demand("IBM", "JPM"))
    opened(connection, "run-2", demand("KO", "T"))
    opened(connection, "run-3", demand("KO", user="bob", data_source=YAHOO))
    sample, yahoo = waiting_jobs(connection, ADMIN)
    assert (sample.queued_jobs, sample.running_jobs, sample.waiting_tickers) == (1, 1, 4)
    assert (yahoo.data_source, yahoo.queued_jobs, yahoo.waiting_tickers) == (YAHOO, 1, 1)
    assert [one.data_source for one in waiting_jobs(connection, ANN)] == [DataSource.SAMPLE]
    finalize_job(connection, "run-1")
    assert waiting_jobs(connection, ANN)[0].waiting_tickers == 2


def seen(connection: Connection, viewer: Viewer = ADMIN) -> SourceStanding:
    found = standing(connection, viewer, YAHOO, SETTINGS)
    assert found is not None
    return found


def due_in(connection: Connection, seconds: float) -> None:
    connection.execute("UPDATE source_limits SET due_at = clock_timestamp() + make_interval(secs => %s)", [seconds])


def test_a_source_that_nobody_has_asked_has_no_standing(connection: Connection) -> None:
    assert standing(connection, ADMIN, YAHOO, SETTINGS) is None


@pytest.mark.parametrize(("due_seconds", "now"), [(-60, 5), (0, 5), (2, 3), (100, 0)])
def test_so_many_requests_may_leave_at_once(connection: Connection, due_seconds: float, now: int) -> None:
    add_source(connection, YAHOO)  # 60 a minute: five at once after a rest, the others about 1.1 seconds apart
    due_in(connection, due_seconds)
    found = seen(connection)
    assert (found.requests_per_minute, found.requests_now) == (60, now)
    assert (found.next_seconds > 90) == (due_seconds == 100)


def test_a_pause_says_why_and_in_words_only_to_who_sees_all(connection: Connection) -> None:
    add_source(connection, YAHOO)
    note_failure(connection, YAHOO, "IBM", ErrorCode.RATE_LIMITED, "IBM: 429", PAUSES)
    found = seen(connection)
    assert 50 < found.paused_seconds <= 60
    assert (found.paused_code, found.paused_message, found.failures) == (ErrorCode.RATE_LIMITED, "IBM: 429", 1)
    assert (seen(connection, ANN).paused_code, seen(connection, ANN).paused_message) == (ErrorCode.RATE_LIMITED, None)
    assert not found.given_up
    connection.execute("UPDATE source_limits SET failing_since = failing_since - interval '31 minutes'")
    assert seen(connection).given_up
    note_success(connection, YAHOO)
    healthy = seen(connection)
    assert (healthy.paused_seconds, healthy.failures, healthy.given_up) == (0, 0, False)
    assert healthy.succeeded_at is not None
