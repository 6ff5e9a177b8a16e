"""Opening a job: what is known already is answered at once, the rest is cut into batches."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from include.analysis import load_strategies
from include.jobs.opening import OpenedJob, open_job
from include.model.analysis import RiskProfile, Verdict
from include.model.bars import DataSource
from include.model.job import DetailStatus, JobStatus, Run, VerdictRow
from include.model.request import Demand
from include.storage.connection import Connection
from include.storage.jobs import begin_batch, finalize_job
from include.storage.results import store_outcomes, verdicts
from tests.storage.demands import DAG_ID, SESSION, demand, outcome

VERSION = load_strategies()["balanced"].version


def asked(*tickers: str, user: str = "ann", force: bool = False, capital: float = 100_000) -> Demand:
    return demand(*tickers, user=user, force=force, strategy_version=VERSION, risk=RiskProfile(capital=capital))


def open_as(connection: Connection, job_id: str, wanted: Demand, session: date = SESSION) -> OpenedJob:
    return open_job(
        connection, Run(dag_id=DAG_ID, job_id=job_id), wanted, dict.fromkeys(wanted.request.tickers, session)
    )


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
