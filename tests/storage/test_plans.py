"""What is read most is found by an index: no read goes through a table that grows with use."""

from collections.abc import Callable, Iterator, Set
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from psycopg import Cursor
from psycopg.types.json import Jsonb

from benchmarks.past import FIRST_DAY, Past, benchmark_queries, fill, name_of
from include.jobs.claims import claim_key
from include.model.analysis import Verdict
from include.model.bars import DataSource
from include.model.housekeeping import Removable
from include.model.job import Batch, PlannedTicker, Run
from include.model.viewer import Viewer
from include.storage.connection import Connection, connect, queries
from include.storage.details import DetailFilter, details_by_seconds, details_by_ticker, errors_of_job
from include.storage.housekeeping import remove_portion
from include.storage.jobs import begin_batch, claim_job, write_details
from include.storage.operating import days_of_work, waiting_jobs
from include.storage.prices import Span, read_series
from include.storage.reading import JobFilter, count_active_jobs, current_jobs, newest_jobs, summary, unopened_runs
from include.storage.results import outcome_columns
from include.storage.screening import (
    Screen,
    Series,
    count_verdicts,
    explanation,
    explanation_before,
    history,
    latest,
    screen,
    series_of,
)
from include.storage.track_record import follow_ups_of, read_follow_ups, tickers_to_follow, verdicts_to_follow
from include.storage.watchlist import EntriesWanted, watchlist_entries
from local.postgres import Cluster
from tests.conftest import APP, OWNER, PASSWORD, drop_database, new_database
from tests.storage.demands import demand, outcome

PAST = Past(jobs=10_000, tickers_a_job=2, jobs_a_day=200)
GROWING = {
    *("analysis_jobs", "analysis_jobs_details", "analysis_results", "analysis_raw_data", "analysis_requests"),
    *("follow_ups", "prices"),
}
BATCHES, BATCH = 40, 25  # of one job, larger than any that the planner knows
ANN, ADMIN = Viewer(name="ann", sees_all=False), Viewer(name="admin", sees_all=True)
TICKERS_OF_BARS, LAST_BAR = 100, FIRST_DAY + timedelta(days=299)
SERIES = Series(ticker=name_of(7))
SPANS = {name_of(number): Span(since=LAST_BAR - timedelta(days=100)) for number in range(25)}
MIDDLE = "past-5000"
LONG_AGO = 100_000  # days
WATCHED = """
INSERT INTO watchlist (owner, ticker, last_job_id, last_analyzed_at, last_status)
SELECT %(owner)s, ticker, job_id, completed_at, status FROM analysis_jobs_details WHERE job_id = %(job_id)s
"""
FOLLOWED = """
UPDATE follow_ups SET state = 'no_bar', through = session_date, evaluated_at = now()
WHERE session_date < (SELECT max(session_date) - 1 FROM follow_ups)
"""

READS: dict[str, Callable[[Connection], Any]] = {
    "latest result": lambda c: latest(c, SERIES),
    "latest result of a strategy and source": lambda c: latest(
        c, replace(SERIES, strategy="balanced", data_source=DataSource.DEMO)
    ),
    "history": lambda c: history(c, SERIES, None, 50),
    "explanation": lambda c: explanation(c, SERIES, None),
    "progress": lambda c: summary(c, ADMIN, MIDDLE),
    "details": lambda c: details_by_ticker(c, ADMIN, MIDDLE, DetailFilter(), None, 50),
    "slowest details": lambda c: details_by_seconds(c, ADMIN, MIDDLE, DetailFilter(), None, 50),
    "errors": lambda c: errors_of_job(c, ADMIN, MIDDLE),
    "jobs": lambda c: newest_jobs(c, ADMIN, JobFilter(), None, 50),
    "a user's jobs": lambda c: newest_jobs(c, Viewer(name="admin", sees_all=False), JobFilter(), None, 50),
    "current jobs": lambda c: current_jobs(c, ADMIN, 50),
    "how many jobs are active": lambda c: count_active_jobs(c, ADMIN),
    "runs without a job": lambda c: unopened_runs(c, {f"run-{n}": 1 for n in range(500)}, refused_too=False),
    "screener": lambda c: screen(c, ANN, Screen(), None, 50),
    "screener with filter and sort": lambda c: screen(
        c, ANN, Screen(verdicts=[Verdict.BUY], min_score=60, sort="-score"), None, 50
    ),
    "screener of tickers": lambda c: screen(c, ANN, Screen(tickers=[name_of(1), name_of(2)]), None, 50),
    "screener of a prefix": lambda c: screen(c, ANN, Screen(prefix="BENCH00"), None, 50),
    "counts of the screener": lambda c: count_verdicts(c, ANN, Screen()),
    "series": lambda c: series_of(c, SERIES.ticker),
    "difference": lambda c: explanation_before(c, latest(c, SERIES)),  # type: ignore[arg-type] # there is one
    "screener of a session": lambda c: screen(c, ANN, Screen(session=FIRST_DAY), None, 50),
    "a watchlist": lambda c: watchlist_entries(c, "ann", "default", EntriesWanted(), None, 50),
    "what waits": lambda c: waiting_jobs(c, ADMIN),
    "the work of two days": lambda c: days_of_work(c, ADMIN, 2),
    "verdicts to be followed": lambda c: verdicts_to_follow(
        c, DataSource.DEMO, [one.ticker for one in tickers_to_follow(c, FIRST_DAY, ("", ""), 20)]
    ),
    "what came of a ticker's verdicts": lambda c: follow_ups_of(c, SERIES, None, 50),
    "the record of two days": lambda c: read_follow_ups(
        c, "balanced", DataSource.DEMO, FIRST_DAY, FIRST_DAY + timedelta(days=1)
    ),
    "bars of many tickers": lambda c: read_series(c, DataSource.YAHOO, SPANS),
    "screener of a job": lambda c: screen(c, ADMIN, Screen(job_id=MIDDLE), None, 50),
    "raw data to be removed": lambda c: remove_portion(c, Removable.RAW_DATA, LONG_AGO),
    "jobs to be removed": lambda c: remove_portion(c, Removable.JOBS, LONG_AGO),
}


class Explaining(Cursor[Any]):
    """Keeps the plan of every statement that it executes."""

    plans: list[dict[str, Any]] = []  # noqa: RUF012

    def execute(self, query: Any, params: Any = None, **how: Any) -> Any:
        (row,) = super().execute("EXPLAIN (FORMAT JSON) " + query, params).fetchall()
        self.plans.append(row["QUERY PLAN"][0]["Plan"])
        return super().execute(query, params, **how)


@pytest.fixture(scope="module")
def past(cluster: Cluster, template: str) -> Iterator[str]:
    """The address of a database with a past."""
    name = new_database(cluster, template)
    with connect(cluster.url(name, role=OWNER, password=PASSWORD)) as owner:
        fill(owner, PAST, demand().request, outcome("JPM"))
        owner.execute(WATCHED, {"owner": ANN.name, "job_id": MIDDLE})
        owner.execute(FOLLOWED)
        owner.execute("VACUUM ANALYZE follow_ups")
        benchmark_queries().add_series(owner, tickers=TICKERS_OF_BARS, last_day=LAST_BAR)
        benchmark_queries().add_bars(
            owner, first_ticker=0, last_ticker=TICKERS_OF_BARS - 1, first_day=FIRST_DAY, last_day=LAST_BAR
        )
        benchmark_queries().look_over_bars(owner)
    yield cluster.url(name, role=APP, password=PASSWORD)
    drop_database(cluster, name)


@pytest.mark.parametrize("name", READS)
def test_a_read_goes_through_no_growing_table(past: str, name: str) -> None:
    with connect(past) as connection:
        connection.cursor_factory = Explaining
        Explaining.plans.clear()
        found = READS[name](connection)
    assert found or name in ("current jobs", "how many jobs are active", "what waits")
    assert [plan for plan in Explaining.plans if tables_gone_through(plan)] == []


def test_bars_are_read_from_the_index_where_those_of_a_ticker_lie_together(past: str) -> None:
    with connect(past) as connection:
        connection.cursor_factory = Explaining
        Explaining.plans.clear()
        assert len(read_series(connection, DataSource.YAHOO, SPANS)) == len(SPANS)
    assert [scans_of(plan, "prices") for plan in Explaining.plans] == [["Index Only Scan"]]


def scans_of(node: dict[str, Any], table: str) -> list[str]:
    """In which ways a plan goes to a table."""
    own = [node["Node Type"]] if node.get("Relation Name") == table else []
    return [*own, *(way for part in node.get("Plans", ()) for way in scans_of(part, table))]


def test_storing_a_batch_reads_the_tickers_of_no_other_batch(past: str) -> None:
    names = [name_of(number) for number in range(BATCHES * BATCH)]
    large = demand(*names)
    batch = Batch(job_id="large", attempt=1, number=BATCHES // 2, label="")
    plan = [PlannedTicker(ticker=t, session=FIRST_DAY, batch=place // BATCH) for place, t in enumerate(names)]
    with connect(past) as connection, connection.transaction(force_rollback=True):
        claim_job(connection, Run(dag_id="analyze_stocks", job_id="large"), claim_key(large.request), large)
        write_details(connection, "large", plan)
        outcomes = [outcome_columns(outcome(ticker)) for ticker in begin_batch(connection, batch).sessions]
        (row,) = connection.execute(
            "EXPLAIN (ANALYZE, FORMAT JSON) " + queries().store_outcomes.sql,
            {"job_id": "large", "attempt": 1, "batch": batch.number, "outcomes": Jsonb(outcomes)},
        ).fetchall()
    assert rows_read(row["QUERY PLAN"][0]["Plan"], "analysis_jobs_details") <= 3 * BATCH


def rows_read(node: dict[str, Any], table: str) -> float:
    """Rows of a table that were looked at, also those that were then left out."""
    is_scan = node.get("Relation Name") == table and "Scan" in node["Node Type"]
    own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] if is_scan else 0
    return float(own + sum(rows_read(part, table) for part in node.get("Plans", ())))


def tables_gone_through(node: dict[str, Any], growing: Set[str] = GROWING) -> set[str]:
    own = {node["Relation Name"]} & growing if node["Node Type"].endswith("Seq Scan") else set()
    return own.union(*(tables_gone_through(part, growing) for part in node.get("Plans", ())))
