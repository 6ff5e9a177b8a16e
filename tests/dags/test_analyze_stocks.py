"""The DAG from a request to the rows, run by Airflow in this process."""

from collections.abc import Callable
from typing import Any

import pytest

from include.analysis import load_strategies
from include.model.job import JobStatus
from include.settings import Settings
from include.storage.connection import Connection
from include.storage.jobs import progress
from include.storage.results import verdicts
from include.storage.watchlist import add_to_watchlist
from tests.storage.demands import demand, opened

# Airflow's own deprecations are not ours to mend; warnings of our code stay errors.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\..*")]

SAMPLE = {"data_source": "sample"}
ASKER = "dag_test"  # whom Airflow names as the user of such a run


@pytest.fixture
def run(dag: Any) -> Callable[..., Any]:
    def start(**conf: Any) -> Any:
        return dag.test(run_conf=conf)

    return start


def states(run: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for instance in run.get_task_instances():
        found.setdefault(instance.task_id, []).append(str(instance.state))
    return found


def test_our_dags_import_without_errors(dagbag: Any) -> None:
    assert dagbag.import_errors == {}
    assert set(dagbag.dags) == {
        "analyze_stocks",
        "stocks_housekeeping",
        "stocks_notifications",
        "stocks_daily_xnys",
        "stocks_history_xnys",
        "stocks_track_record",
    }


def test_every_dag_has_an_owner_a_manual_tags_and_retries(dagbag: Any) -> None:
    for dag in dagbag.dags.values():
        assert dag.doc_md
        assert dag.tags
        assert dag.dagrun_timeout
        for task in dag.tasks:
            assert task.owner == "bellwether"
            assert task.retries >= 1


def test_the_listener_knows_every_dag_that_runs_jobs(dagbag: Any) -> None:
    from include.pipeline.listener import JOB_DAGS

    assert {dag.dag_id for dag in dagbag.dags.values() if dag.has_task("open_job")} == JOB_DAGS


def test_a_job_analyses_every_ticker_and_links_each_result_to_it(run: Any, connection: Connection) -> None:
    dag_run = run(tickers=["ibm", "JPM", "XOM"], **SAMPLE)
    assert states(dag_run) == {
        "open_job": ["success"],
        "analyze": ["success"] * 3,
        "finalize_job": ["success"],
    }
    reached = progress(connection, dag_run.run_id)
    assert reached is not None
    assert (reached.status, reached.total, reached.completed) == (JobStatus.COMPLETED, 3, 3)
    linked = connection.execute("SELECT ticker, job_id, session_date::text FROM analysis_results ORDER BY ticker")
    assert [tuple(row.values()) for row in linked] == [
        (ticker, dag_run.run_id, "2010-08-20") for ticker in ("IBM", "JPM", "XOM")
    ]


def test_neither_tickers_nor_universe_analyses_the_watchlist(run: Any, connection: Connection) -> None:
    add_to_watchlist(connection, ASKER, ["IBM", "JPM"])
    dag_run = run(**SAMPLE)
    assert str(dag_run.state) == "success"
    assert [row.ticker for row in sorted(verdicts(connection, dag_run.run_id), key=lambda r: r.ticker)] == [
        "IBM",
        "JPM",
    ]
    updated = connection.execute("SELECT last_job_id FROM watchlist").fetchall()
    assert {row["last_job_id"] for row in updated} == {dag_run.run_id}


def test_asking_again_is_answered_from_what_is_known(run: Any, connection: Connection) -> None:
    run(tickers=["IBM", "JPM"], **SAMPLE)
    again = run(tickers=["IBM", "JPM"], capital=5000, **SAMPLE)
    assert states(again) == {"open_job": ["success"], "analyze": ["skipped"], "finalize_job": ["success"]}
    reached = progress(connection, again.run_id)
    assert reached is not None
    assert (reached.status, reached.completed, reached.reused) == (JobStatus.COMPLETED, 2, 2)


def test_one_unknown_ticker_is_recorded_and_the_others_go_on(run: Any, connection: Connection) -> None:
    dag_run = run(tickers=["IBM", "NOSUCH"], **SAMPLE)
    assert str(dag_run.state) == "success"
    assert progress(connection, dag_run.run_id).status is JobStatus.COMPLETED_WITH_ERRORS  # type: ignore[union-attr]
    failed = next(row for row in verdicts(connection, dag_run.run_id) if row.ticker == "NOSUCH")
    assert failed.error_code == "unknown_ticker"
    assert failed.error_message


def test_a_job_without_any_result_fails_its_run(run: Any, connection: Connection) -> None:
    dag_run = run(tickers=["NOSUCH"], **SAMPLE)
    assert str(dag_run.state) == "failed"
    assert progress(connection, dag_run.run_id).status is JobStatus.FAILED  # type: ignore[union-attr]


def test_a_larger_job_is_cut_into_equal_batches(run: Any, connection: Connection) -> None:
    dag_run = run(universe="sample_leaders", batch_size=20, **SAMPLE)
    batches = connection.execute("SELECT DISTINCT batch FROM analysis_jobs_details").fetchall()
    assert len(states(dag_run)["analyze"]) == len(batches) == 3
    labels = {ti.rendered_map_index for ti in dag_run.get_task_instances() if ti.task_id == "analyze"}
    assert all("…" in label for label in labels)


def another_run(dag: Any, run_id: str, state: str) -> None:
    """A run of the DAG as Airflow knows it, in `state`."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    with create_session() as session:
        session.add(
            DagRun(
                dag_id=dag.dag_id,
                run_id=run_id,
                run_type=DagRunType.MANUAL,
                state=state,
                triggered_by=DagRunTriggeredByType.TEST,
            )
        )


def active_job(connection: Connection, run_id: str, ticker: str) -> None:
    version = load_strategies()["balanced"].version
    opened(connection, run_id, demand(ticker, user=ASKER, strategy_version=version))


def test_a_run_whose_work_another_job_does_joins_it_and_does_nothing(
    run: Any, dag: Any, connection: Connection
) -> None:
    another_run(dag, "winner", "running")
    active_job(connection, "winner", "IBM")
    dag_run = run(tickers=["IBM"], **SAMPLE)
    assert states(dag_run) == {"open_job": ["success"], "analyze": ["skipped"], "finalize_job": ["success"]}
    assert progress(connection, dag_run.run_id) is None
    assert progress(connection, "winner").status is JobStatus.QUEUED  # type: ignore[union-attr]


@pytest.mark.parametrize("fate", ["failed", "gone"])
def test_a_dead_job_is_ended_and_not_joined(run: Any, dag: Any, connection: Connection, fate: str) -> None:
    if fate != "gone":
        another_run(dag, "dead", fate)
    active_job(connection, "dead", "IBM")
    dag_run = run(tickers=["IBM"], **SAMPLE)
    assert progress(connection, "dead").status is JobStatus.FAILED  # type: ignore[union-attr]
    assert progress(connection, dag_run.run_id).status is JobStatus.COMPLETED  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "conf", [{"tickers": ["I BM"]}, {"tickers": ["IBM"], "captial": 5}, {"tickers": ["IBM"], "as_of": "2030-01-01"}]
)
def test_a_refused_request_fails_the_run_and_writes_nothing(
    run: Any, connection: Connection, conf: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    dag_run = run(**SAMPLE, **conf)
    assert str(dag_run.state) == "failed"
    assert states(dag_run)["open_job"] == ["failed"]
    assert connection.execute("SELECT count(*) AS n FROM analysis_jobs").fetchone() == {"n": 0}


def test_a_bad_param_is_refused_at_the_trigger(run: Any) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError, match="capital"):
        run(capital=0)


def test_a_run_past_the_doors_that_is_one_job_too_many_fails_with_the_reason_in_its_note(
    run: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from include.pipeline.notes import NOTE

    monkeypatch.setattr("include.jobs.room.settings", lambda: Settings(max_active_jobs=1))
    opened(connection, "first", demand("KO", user=ASKER))
    dag_run = run(tickers=["IBM"], **SAMPLE)
    assert dag_run.state == "failed"
    assert states(dag_run)["open_job"] == ["failed"]
    (task,) = [one for one in dag_run.get_task_instances() if one.task_id == "open_job"]
    note = task.xcom_pull(task_ids="open_job", key=NOTE)
    assert note.startswith("refused: you have 1 active job, the most allowed; ")
    (recorded,) = connection.execute("SELECT door, disposition, reason FROM analysis_requests").fetchall()
    assert tuple(recorded.values()) == ("cli", "refused", note.removeprefix("refused: "))
    assert progress(connection, dag_run.run_id) is None
