"""Opening a job: what is known already is answered at once, the rest is cut into batches."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from unittest.mock import Mock

import pytest

from include.analysis import load_strategies
from include.jobs import opening
from include.jobs.opening import OpenedJob, open_job, record_refusal
from include.model.analysis import RiskProfile, Verdict
from include.model.bars import DataSource
from include.model.errors import (
    CancelledRunError,
    DuplicateJobError,
    InvalidRequestError,
    OvertakenError,
    StaleAttemptError,
)
from include.model.job import DetailStatus, JobStatus, Run, VerdictRow
from include.model.request import Demand, OnDuplicate
from include.storage.connection import Connection, connect
from include.storage.jobs import begin_batch, cancel_job, finalize_job, progress
from include.storage.results import store_outcomes, verdicts
from include.storage.watchlist import add_to_watchlist
from tests.storage.demands import SESSION, asking, demand, outcome

VERSION = load_strategies()["balanced"].version


def asked(*tickers: str, user: str = "ann", force: bool = False, capital: float = 100_000) -> Demand:
    return demand(*tickers, user=user, force=force, strategy_version=VERSION, risk=RiskProfile(capital=capital))


def nothing_is_over(run: Run) -> bool:
    return False


def open_as(
    connection: Connection,
    job_id: str,
    wanted: Demand,
    session: date = SESSION,
    is_over: Callable[[Run], bool] = nothing_is_over,
    until: datetime | None = None,
) -> OpenedJob:
    sessions = dict.fromkeys(wanted.request.tickers, session)
    return open_job(connection, asking(job_id), wanted, sessions, is_over, until)


def work_off(connection: Connection, job: OpenedJob, **analysis: object) -> None:
    for batch in job.batches:
        tickers = begin_batch(connection, batch).sessions
        store_outcomes(
            connection, batch, [outcome(ticker, **{"strategy_version": VERSION, **analysis}) for ticker in tickers]
        )
    finalize_job(connection, job.claim.run.job_id)


@pytest.fixture
def known(connection: Connection) -> None:
    """IBM and JPM have results of an ended job of ann's."""
    work_off(connection, open_as(connection, "first", asked("IBM", "JPM")))


def rows(connection: Connection, job_id: str) -> dict[str, VerdictRow]:
    return {row.ticker: row for row in verdicts(connection, job_id)}


@pytest.mark.usefixtures("known")
def test_asking_again_is_a_new_job_that_is_answered_at_once(connection: Connection) -> None:
    again = open_as(connection, "again", asked("IBM", "JPM"))
    assert (again.claim.joined, again.reused, again.batches) == (False, 2, ())
    ended = finalize_job(connection, "again")
    assert ended is not None
    assert (ended.status, ended.completed, ended.reused) == (JobStatus.COMPLETED, 2, 2)


@pytest.mark.usefixtures("known")
def test_another_user_with_another_capital_gets_the_same_verdict_and_a_position_of_their_own(
    connection: Connection,
) -> None:
    open_as(connection, "bobs", asked("IBM", user="bob", capital=10_000))
    (ibm,) = rows(connection, "bobs").values()
    assert (ibm.status, ibm.verdict, ibm.score, ibm.entry) == (
        DetailStatus.REUSED,
        Verdict.BUY,
        Decimal("67.4"),
        Decimal("100.00"),
    )
    # 2 % of 10,000 at a risk of 5.00 a share would be 40 shares; 20 % of the capital are 20
    assert (ibm.position_size, ibm.cost, ibm.risk_reward) == (20, Decimal("2000.00"), Decimal("2.00"))


@pytest.mark.usefixtures("known")
def test_only_what_is_not_known_is_left_to_do(connection: Connection) -> None:
    job = open_as(connection, "more", asked("IBM", "JPM", "XOM"))
    assert (job.reused, [batch.label for batch in job.batches]) == (2, ["XOM"])
    assert list(begin_batch(connection, job.batches[0]).sessions) == ["XOM"]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("wanted", "session"),
    [
        (asked("IBM", force=True), SESSION),
        (asked("IBM"), date(2010, 8, 19)),
        (replace(asked("IBM"), request=replace(asked("IBM").request, strategy="technical_rating")), SESSION),
        (replace(asked("IBM"), request=replace(asked("IBM").request, strategy_version="another")), SESSION),
        (demand("IBM", strategy_version=VERSION, data_source=DataSource.DEMO), SESSION),
    ],
    ids=["force", "another session", "another strategy", "another version of the strategy", "another source"],
)
def test_what_would_be_another_answer_is_computed(connection: Connection, wanted: Demand, session: date) -> None:
    job = open_as(connection, "other", wanted, session)
    assert (job.reused, len(job.batches)) == (0, 1)


def test_a_hold_is_reused_without_levels(connection: Connection) -> None:
    first = open_as(connection, "first", asked("IBM"))
    batch = first.batches[0]
    begin_batch(connection, batch)
    store_outcomes(connection, batch, [outcome("IBM", 50.0, Verdict.HOLD, strategy_version=VERSION)])
    finalize_job(connection, "first")
    open_as(connection, "again", asked("IBM"))
    (ibm,) = rows(connection, "again").values()
    assert (ibm.verdict, ibm.entry, ibm.position_size) == (Verdict.HOLD, None, None)


@pytest.mark.usefixtures("known")
def test_a_reused_answer_outlives_the_job_that_found_it(connection: Connection) -> None:
    open_as(connection, "again", asked("IBM"))
    finalize_job(connection, "again")
    connection.execute("DELETE FROM analysis_jobs WHERE job_id = 'first'")
    (ibm,) = rows(connection, "again").values()
    assert (ibm.status, ibm.score) == (DetailStatus.REUSED, Decimal("67.4"))


@pytest.mark.usefixtures("known")
def test_who_joins_an_active_job_reuses_nothing(connection: Connection) -> None:
    open_as(connection, "active", asked("XOM"))
    joined = open_as(connection, "late", asked("XOM"))
    assert (joined.claim.joined, joined.claim.run.job_id, joined.batches) == (True, "active", ())


def test_a_run_that_is_cancelled_while_it_joins_has_joined_nothing(connection: Connection, app_url: str) -> None:
    def cancelled_meanwhile(run: Run) -> bool:
        with connect(app_url) as other:
            return not cancel_job(other, "late", "ann wants it", actor="ann")

    open_as(connection, "active", asked("XOM"))
    with pytest.raises(CancelledRunError):
        open_as(connection, "late", asked("XOM"), is_over=cancelled_meanwhile)
    assert recorded(connection) == [("created", "active", "active", "cli")]


def test_a_cancelled_run_does_not_get_the_answer_of_its_request_id(connection: Connection) -> None:
    wanted = replace(asked("IBM"), request_id="mine")
    open_as(connection, "first", wanted)
    cancel_job(connection, "second", "ann wants it", actor="ann")
    with pytest.raises(CancelledRunError):
        open_as(connection, "second", wanted)


def recorded(connection: Connection) -> list[tuple[str, ...]]:
    found = connection.execute("SELECT disposition, run_id, job_id, door FROM analysis_requests ORDER BY id")
    return [tuple(row.values()) for row in found]


def actions(connection: Connection) -> list[tuple[str, ...]]:
    found = connection.execute("SELECT actor, action, job_id, details ->> 'by' FROM analysis_actions ORDER BY id")
    return [tuple(row.values()) for row in found]


def test_a_run_that_airflow_made_is_recorded_once_whatever_becomes_of_it(connection: Connection) -> None:
    for _ in range(2):  # its task is tried again
        open_as(connection, "first", asked("IBM"))
        open_as(connection, "second", asked("IBM"))
    assert recorded(connection) == [("created", "first", "first", "cli"), ("joined", "second", "first", "cli")]


def test_a_refused_run_is_recorded_once(connection: Connection) -> None:
    for _ in range(2):
        record_refusal(connection, asking("run", tickers=["I BM"]), None, "no such symbol")
    assert recorded(connection) == [("refused", "run", None, "cli")]


def test_a_dead_equal_job_is_ended_and_its_work_taken_over(connection: Connection) -> None:
    open_as(connection, "dead", asked("IBM"))
    job = open_as(connection, "alive", asked("IBM"), is_over=lambda run: run.job_id == "dead")
    assert not job.claim.joined
    assert progress(connection, "dead").status is JobStatus.FAILED  # type: ignore[union-attr]


def test_beside_an_equal_active_job_a_request_fails_if_it_asked_to(connection: Connection) -> None:
    wanted = replace(asked("IBM"), on_duplicate=OnDuplicate.FAIL)
    open_as(connection, "first", wanted)
    with pytest.raises(DuplicateJobError, match="first"):
        open_as(connection, "second", wanted)
    assert progress(connection, "second") is None
    assert not open_as(connection, "third", wanted, is_over=lambda run: True).claim.joined


def test_a_superseding_request_cancels_the_equal_active_job_and_takes_over(connection: Connection) -> None:
    old = open_as(connection, "old", asked("IBM", "JPM"))
    new = open_as(connection, "new", replace(asked("IBM", "JPM"), on_duplicate=OnDuplicate.SUPERSEDE))
    assert not new.claim.joined
    ended = progress(connection, "old")
    assert ended is not None
    assert (ended.status, ended.status_reason, ended.cancelled) == (JobStatus.CANCELLED, "superseded by new", 2)
    with pytest.raises(StaleAttemptError):
        begin_batch(connection, old.batches[0])
    assert actions(connection) == [("ann", "supersede", "old", "new")]


def test_a_takeover_that_breaks_off_leaves_the_old_job_as_it_was(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_as(connection, "old", asked("IBM"))
    monkeypatch.setattr(opening, "write_details", Mock(side_effect=RuntimeError("killed here")))
    with pytest.raises(RuntimeError):
        open_as(connection, "new", replace(asked("IBM"), on_duplicate=OnDuplicate.SUPERSEDE))
    assert progress(connection, "old").status is JobStatus.QUEUED  # type: ignore[union-attr]
    assert progress(connection, "new") is None
    assert actions(connection) == []


def test_without_an_equal_active_job_there_is_nothing_to_supersede(connection: Connection) -> None:
    open_as(connection, "other", asked("XOM"))
    assert not open_as(connection, "new", replace(asked("IBM"), on_duplicate=OnDuplicate.SUPERSEDE)).claim.joined
    assert progress(connection, "other").status is JobStatus.QUEUED  # type: ignore[union-attr]


@pytest.mark.parametrize("force", [False, True])
def test_the_same_request_id_again_gets_the_same_job_also_when_it_has_ended(
    connection: Connection, force: bool
) -> None:
    wanted = replace(asked("IBM", force=force), request_id="mine")
    work_off(connection, open_as(connection, "first", wanted))
    again = open_as(connection, "second", wanted, is_over=lambda run: True)
    assert (again.claim.run.job_id, again.claim.joined) == ("first", True)
    assert progress(connection, "second") is None


def test_request_ids_are_each_users_own(connection: Connection) -> None:
    work_off(connection, open_as(connection, "first", replace(asked("IBM"), request_id="mine")))
    assert not open_as(connection, "second", replace(asked("IBM", user="bob"), request_id="mine")).claim.joined


def test_a_request_id_of_another_request_is_refused(connection: Connection) -> None:
    open_as(connection, "first", replace(asked("IBM"), request_id="mine"))
    with pytest.raises(InvalidRequestError, match="request_id: it was given to another request, of job first"):
        open_as(connection, "second", replace(asked("XOM"), request_id="mine"))


def test_a_run_whose_task_is_tried_again_is_no_repeat_of_itself(connection: Connection) -> None:
    wanted = replace(asked("IBM"), request_id="mine")
    open_as(connection, "first", wanted)
    assert open_as(connection, "first", wanted).claim.attempt == 2


def test_a_try_of_a_first_task_that_a_later_one_has_overtaken_joins_nothing(
    connection: Connection, app_url: str
) -> None:
    open_as(connection, "other", asked("IBM"))

    def later_try(_: Run) -> bool:
        """The other job ends behind the claim of the first try, and the second opens the run's own."""
        with connect(app_url) as another:
            finalize_job(another, "other")
            again = asking("run", try_number=2)
            open_job(another, again, asked("IBM"), {"IBM": SESSION}, nothing_is_over)
        return False

    with pytest.raises(OvertakenError):
        open_job(connection, asking("run"), asked("IBM"), {"IBM": SESSION}, later_try)
    assert recorded(connection)[1:] == [("created", "run", "run", "cli")]


def test_a_superseded_job_is_not_brought_back_by_a_try_of_its_own_first_task(connection: Connection) -> None:
    open_as(connection, "old", asked("IBM"))
    open_as(connection, "new", replace(asked("IBM"), on_duplicate=OnDuplicate.SUPERSEDE))
    with pytest.raises(OvertakenError):
        open_as(connection, "old", asked("IBM"))
    assert progress(connection, "old").status is JobStatus.CANCELLED  # type: ignore[union-attr]
    assert progress(connection, "new").status is JobStatus.QUEUED  # type: ignore[union-attr]


CLOSE = datetime(2010, 8, 23, 20, tzinfo=UTC)


def test_who_asks_after_the_next_close_gets_a_job_of_its_own_beside_the_one_that_still_works(
    connection: Connection,
) -> None:
    friday = open_as(connection, "friday", asked("IBM"), until=CLOSE)
    joining = open_as(connection, "also-friday", asked("IBM"), until=CLOSE)
    monday = open_as(connection, "monday", asked("IBM"), date(2010, 8, 23), until=CLOSE + timedelta(days=1))
    assert (joining.claim.run.job_id, monday.claim.run.job_id) == ("friday", "monday")
    assert (friday.claim.joined, joining.claim.joined, monday.claim.joined) == (False, True, False)
    for opened, day in ((monday, date(2010, 8, 23)), (friday, SESSION)):
        assert begin_batch(connection, opened.batches[0]).sessions == {"IBM": day}
        work_off(connection, opened, session=day)
    found = {
        job_id: [(row.status, row.session_date) for row in verdicts(connection, job_id)]
        for job_id in ("friday", "monday")
    }
    assert found == {
        "friday": [(DetailStatus.COMPLETED, SESSION)],
        "monday": [(DetailStatus.COMPLETED, date(2010, 8, 23))],
    }


def test_a_job_that_is_run_again_after_the_next_close_is_that_sessions_and_is_joined_as_such(
    connection: Connection,
) -> None:
    open_as(connection, "again", asked("IBM"), until=CLOSE)
    later = CLOSE + timedelta(days=1)
    open_as(connection, "again", asked("IBM"), date(2010, 8, 23), until=later)
    assert open_as(connection, "another", asked("IBM"), date(2010, 8, 23), until=later).claim.run.job_id == "again"
    assert open_as(connection, "late", asked("IBM"), until=CLOSE).claim.run.job_id == "late"


def test_a_day_that_was_given_is_the_same_work_for_ever(connection: Connection) -> None:
    wanted = replace(asked("IBM"), request=replace(asked("IBM").request, as_of=SESSION))
    open_as(connection, "first", wanted)
    assert open_as(connection, "second", wanted).claim.run.job_id == "first"


def test_a_run_that_joins_the_job_of_the_next_session_ends_the_one_that_it_had_opened_before(
    connection: Connection,
) -> None:
    open_as(connection, "own", asked("IBM"), until=CLOSE)
    later = CLOSE + timedelta(days=1)
    open_as(connection, "monday", asked("IBM"), date(2010, 8, 23), until=later)
    joined = open_as(connection, "own", asked("IBM"), date(2010, 8, 23), until=later)
    assert (joined.claim.joined, joined.claim.run.job_id) == (True, "monday")
    ended = progress(connection, "own")
    assert ended is not None
    assert (ended.status, ended.status_reason) == (JobStatus.CANCELLED, "superseded by monday")


@pytest.mark.parametrize("first_to_end", ["friday", "monday"])
def test_a_watchlist_shows_the_newer_session_also_when_the_older_ones_work_came_later(
    connection: Connection, first_to_end: str
) -> None:
    add_to_watchlist(connection, "ann", ["IBM"])
    days = {"monday": date(2010, 8, 23), "friday": SESSION}
    jobs = {
        name: open_as(connection, name, asked("IBM"), day, until=CLOSE + (day - SESSION)) for name, day in days.items()
    }
    for name, day in days.items():  # of monday's job first
        begin_batch(connection, jobs[name].batches[0])
        store_outcomes(connection, jobs[name].batches[0], [outcome("IBM", strategy_version=VERSION, session=day)])
    for name in sorted(jobs, key=lambda name: name != first_to_end):
        finalize_job(connection, name)
    (entry,) = connection.execute("SELECT last_job_id FROM watchlist").fetchall()
    assert entry["last_job_id"] == "monday"
