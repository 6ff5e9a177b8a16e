"""What the schedule analyses, and what of it reaches the watchlists of users."""

from datetime import date, timedelta

from include.jobs.watched import watched_on
from include.model.errors import ErrorCode, Refusal
from include.model.job import Batch
from include.storage.connection import Connection
from include.storage.jobs import begin_batch, finalize_job
from include.storage.results import store_outcomes
from include.storage.watchlist import add_to_watchlist
from tests.storage.demands import SESSION, demand, opened, outcome


def test_what_is_watched_on_an_exchange_is_everybodys_each_ticker_once(connection: Connection) -> None:
    add_to_watchlist(connection, "ann", ["JPM", "TCS.NS", "BTC-USD", "^GSPC"])
    add_to_watchlist(connection, "bob", ["JPM", "INFY.BO"], "banks")
    assert watched_on(connection, "XNYS") == ("JPM", "^GSPC")
    assert watched_on(connection, "XNSE") == watched_on(connection, "XBOM") == ("INFY.BO", "TCS.NS")
    assert watched_on(connection, "crypto") == ("BTC-USD",)
    assert watched_on(connection, "XLON") == ()


def end(connection: Connection, job_id: str, session: date, verdict_of: str, scope: str = "schedule") -> None:
    """A job of one ticker that ends with a verdict for a session."""
    claim = opened(connection, job_id, demand(verdict_of, scope=scope, as_of=session))
    connection.execute("UPDATE analysis_jobs_details SET session_date = %s WHERE job_id = %s", [session, job_id])
    batch = Batch(job_id=job_id, attempt=claim.attempt, number=0, label="all")
    begin_batch(connection, batch)
    found = outcome(verdict_of) if session == SESSION else Refusal(verdict_of, ErrorCode.NO_DATA, "none")
    store_outcomes(connection, batch, [found])
    finalize_job(connection, job_id)


def last_jobs(connection: Connection) -> list[tuple[str, str | None]]:
    rows = connection.execute("SELECT owner, last_job_id FROM watchlist ORDER BY owner").fetchall()
    return [(row["owner"], row["last_job_id"]) for row in rows]


def test_the_end_of_a_scheduled_job_reaches_everybodys_lists(connection: Connection) -> None:
    for owner in ("ann", "bob"):
        add_to_watchlist(connection, owner, ["IBM"])
    end(connection, "evening", SESSION, "IBM")
    assert last_jobs(connection) == [("ann", "evening"), ("bob", "evening")]


def test_a_session_of_the_past_is_no_news_to_who_knows_a_newer_one(connection: Connection) -> None:
    for owner in ("ann", "bob"):
        add_to_watchlist(connection, owner, ["IBM"])
    end(connection, "anns", SESSION, "IBM", scope="user:ann")
    end(connection, "past", SESSION - timedelta(days=7), "IBM")
    assert last_jobs(connection) == [("ann", "anns"), ("bob", "past")]
    end(connection, "evening", SESSION, "IBM")
    assert last_jobs(connection) == [("ann", "evening"), ("bob", "evening")]


def test_who_asks_for_a_session_of_the_past_sees_it_on_the_list(connection: Connection) -> None:
    add_to_watchlist(connection, "ann", ["IBM"])
    end(connection, "evening", SESSION, "IBM")
    end(connection, "anns", SESSION - timedelta(days=7), "IBM", scope="user:ann")
    assert last_jobs(connection) == [("ann", "anns")]
