"""The DAGs with a timetable, run by Airflow in this process: what they analyse, for which session, and for whom."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from include.storage.connection import Connection
from include.storage.jobs import progress
from include.storage.results import verdicts
from include.storage.watchlist import add_to_watchlist
from tests.conftest import DAGS

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\..*")]

DAY = "2010-08-19"


@pytest.fixture
def run(dagbag: Any, app_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run the DAG of one session, with prices of the sample."""
    monkeypatch.setenv("AIRFLOW_CONN_STOCKS_DB", app_url)

    def start(dag_id: str, day: str = DAY, **conf: Any) -> Any:
        logical_date = datetime.fromisoformat(day).replace(tzinfo=UTC)
        return dagbag.dags[dag_id].test(logical_date=logical_date, run_conf={"data_source": "sample", **conf})

    return start


def states(run: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for instance in run.get_task_instances():
        found.setdefault(instance.task_id, set()).add(str(instance.state))
    return found


def tickers_of(connection: Connection, run: Any) -> dict[str, str]:
    return {row.ticker: str(row.session_date) for row in verdicts(connection, run.run_id)}


def test_what_anybody_watches_there_is_analysed_once_for_the_session_of_the_run(
    run: Callable[..., Any], connection: Connection
) -> None:
    add_to_watchlist(connection, "ann", ["IBM", "JPM", "TCS.NS"])
    add_to_watchlist(connection, "bob", ["JPM", "VOD.L"])
    add_to_watchlist(connection, "bob", ["XOM"], "oil")
    ended = run("stocks_daily_xnys")
    assert str(ended.state) == "success"
    assert tickers_of(connection, ended) == dict.fromkeys(("IBM", "JPM", "XOM"), DAY)
    job = connection.execute("SELECT requested_by, dag_id, analysis_source, as_of::text FROM analysis_jobs").fetchone()
    assert job == {
        "requested_by": "dag_test",
        "dag_id": "stocks_daily_xnys",
        "analysis_source": "watchlist",
        "as_of": DAY,
    }


def test_without_a_ticker_to_watch_it_says_so_and_succeeds(run: Callable[..., Any], connection: Connection) -> None:
    from include.pipeline.notes import NOTE

    add_to_watchlist(connection, "ann", ["TCS.NS"])
    ended = run("stocks_daily_xnys")
    assert str(ended.state) == "success"
    assert states(ended) == {"open_job": {"skipped"}, "analyze": {"skipped"}, "finalize_job": {"skipped"}}
    opening = next(one for one in ended.get_task_instances() if one.task_id == "open_job")
    said = opening.xcom_pull(task_ids="open_job", key=NOTE)
    assert said == "nothing to do: no watchlist has a ticker of XNYS"
    assert connection.execute("SELECT count(*) AS n FROM analysis_requests").fetchone() == {"n": 0}


def test_what_somebody_had_analysed_for_the_session_is_not_done_again(
    run: Callable[..., Any], dagbag: Any, connection: Connection
) -> None:
    dagbag.dags["analyze_stocks"].test(run_conf={"tickers": ["IBM"], "data_source": "sample", "as_of": DAY})
    add_to_watchlist(connection, "ann", ["IBM", "JPM"])
    reached = progress(connection, run("stocks_daily_xnys").run_id)
    assert reached is not None
    assert (reached.completed, reached.reused) == (2, 1)


def test_a_universe_is_analysed_for_the_session_of_each_run(run: Callable[..., Any], connection: Connection) -> None:
    ended = run("stocks_history_xnys", universe="sample_leaders", strategy="trend_following")
    assert str(ended.state) == "success"
    assert set(tickers_of(connection, ended).values()) == {DAY}
    assert len(tickers_of(connection, ended)) == 42


def test_a_session_that_the_source_cannot_have_is_refused_with_its_range(
    run: Callable[..., Any], connection: Connection
) -> None:
    add_to_watchlist(connection, "ann", ["IBM"])
    ended = run("stocks_daily_xnys", day="2026-11-20")
    assert str(ended.state) == "failed"
    (refused,) = connection.execute("SELECT disposition, reason FROM analysis_requests").fetchall()
    assert refused["disposition"] == "refused"
    assert "the sample has prices from 2009-08-21 to 2010-08-20" in refused["reason"]


def test_every_dag_with_a_timetable_has_runs_of_its_own_name(dagbag: Any) -> None:
    from include.market.exchanges import EXCHANGES
    from include.pipeline.job_dags import close_delay, daily_dag_id, history_dag_id

    ids = [name(exchange) for exchange in (*EXCHANGES, "crypto", "weekdays") for name in (daily_dag_id, history_dag_id)]
    assert len({close_delay(dag_id) for dag_id in ids}) == len(ids)
    assert {dag.timetable.delay for dag in dagbag.dags.values() if hasattr(dag.timetable, "delay")} == {
        close_delay("stocks_daily_xnys"),
        close_delay("stocks_history_xnys"),
    }


def test_the_form_of_history_asks_for_what_a_session_needs(dagbag: Any) -> None:
    from include.jobs.form import RequestForm

    params = dagbag.dags["stocks_history_xnys"].params
    assert set(params) == set(RequestForm.model_fields) - {"as_of", "request_id"}
    shown = params.get_param("universe").schema["values_display"]
    assert shown["watchlist"] == "Everybody's watchlists of XNYS"
    params.validate()


def test_the_example_that_runs_after_a_session_is_found_without_errors(airflow: None) -> None:
    from airflow.dag_processing.dagbag import DagBag

    from include.pipeline.assets import session_asset

    bag = DagBag(str(DAGS.parent / "docs" / "examples"))
    assert bag.import_errors == {}
    (dag,) = bag.dags.values()
    assert dag.timetable.asset_condition.objects == (session_asset("XNYS"),)


def test_the_daily_dags_wait_to_be_switched_on_and_a_session_is_theirs_alone(dagbag: Any) -> None:
    daily, history = dagbag.dags["stocks_daily_xnys"], dagbag.dags["stocks_history_xnys"]
    assert (daily.is_paused_upon_creation, history.is_paused_upon_creation) == (True, False)
    assert (daily.max_active_runs, daily.catchup) == (1, False)
    for dag in (daily, history):
        assert sorted(dag.allowed_run_types) == ["backfill", "scheduled"]  # nobody else asks for everybody
