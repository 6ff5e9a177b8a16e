"""The first task of a run that a door has made, when something has changed in between."""

from types import SimpleNamespace
from typing import Any

import pytest

from include.jobs.opening import OpenedJob, record_refusal
from include.jobs.submission import KEY_LENGTH
from include.model.errors import CancelledRunError, DuplicateJobError, InvalidRequestError
from include.model.job import JobStatus
from include.model.viewer import Viewer
from include.storage.audit import RequestFilter, recorded_requests
from include.storage.connection import Connection
from include.storage.jobs import cancel_job, finalize_job
from include.storage.reading import JobFilter, newest_jobs, requests_of_job
from include.storage.requests import Door
from include.storage.results import verdicts
from include.storage.watchlist import add_to_watchlist, remove_watchlist_entry
from include.web.asking import Asked, ask
from tests.storage.demands import DAG_ID, asking
from tests.web.test_asking import KeptRunsInMemory

pytestmark = [
    pytest.mark.usefixtures("airflow"),
    # Airflow's own deprecations are not ours to mend; warnings of our code stay errors.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings(r"error:::include\..*"),
]

SAMPLE = {"data_source": "sample"}
ANN = Viewer(name="ann", sees_all=False)


def made(connection: Connection, **raw: Any) -> str:
    """The run that a door makes for what ann sends."""
    return ask(connection, KeptRunsInMemory(), Asked(raw=SAMPLE | raw, user="ann", door=Door.API)).submission.run_id


def first_task(
    connection: Connection, run_id: str, clear_number: int = 0, run_type: str = "manual", user: str = "ann", **raw: Any
) -> OpenedJob:
    from include.pipeline.asking import open_for_run

    conf = SAMPLE | raw
    run = SimpleNamespace(
        dag_id=DAG_ID,
        run_id=run_id,
        clear_number=clear_number,
        triggering_user_name=user,
        conf=conf,
        run_type=run_type,
    )
    instance = SimpleNamespace(try_number=1, get_dr_count=lambda **_: 1)
    return open_for_run(connection, conf, run, instance, 0.0)


def told(connection: Connection) -> list[tuple[str, str | None, str | None]]:
    """What the record says to ann, the oldest first."""
    found = recorded_requests(connection, ANN, RequestFilter(), None, 50)
    return [(one.disposition.value, one.run_id, one.job_id) for one in reversed(found)]


def tickers(connection: Connection, job_id: str) -> list[str]:
    return sorted(row.ticker for row in verdicts(connection, job_id))


def test_a_run_whose_job_is_opened_as_promised_has_one_record(connection: Connection) -> None:
    run_id = made(connection, tickers=["IBM"])
    for _ in range(2):  # its task is tried again
        first_task(connection, run_id, tickers=["IBM"])
    assert told(connection) == [("created", run_id, run_id)]


def test_a_run_of_a_door_that_joins_another_ones_job_is_recorded_as_joined(connection: Connection) -> None:
    run_id = made(connection, tickers=["IBM"])
    first_task(connection, "quicker", tickers=["IBM"])
    for _ in range(2):
        first_task(connection, run_id, tickers=["IBM"])
    assert told(connection) == [
        ("created", run_id, run_id),
        ("created", "quicker", "quicker"),
        ("joined", run_id, "quicker"),
    ]
    newest, _, oldest = recorded_requests(connection, ANN, RequestFilter(), None, 50)
    assert (newest.follows, oldest.follows, newest.door) == (oldest.id, None, Door.API)


def test_work_on_the_last_session_is_claimed_until_the_next_one_and_a_given_day_for_ever(
    connection: Connection,
) -> None:
    for run_id, raw in (
        ("latest", {"data_source": "demo"}),
        ("given", {"data_source": "demo", "as_of": "2026-01-05"}),
        ("sample", SAMPLE),
    ):
        first_task(connection, run_id, tickers=["IBM"], **raw)
    found = connection.execute(
        "SELECT job_id, current_until - clock_timestamp() BETWEEN '0' AND '4 days' AS is_soon FROM analysis_jobs"
    ).fetchall()
    assert {row["job_id"]: row["is_soon"] for row in found} == {"latest": True, "given": None, "sample": None}


def test_after_the_next_session_a_door_makes_a_run_beside_the_one_that_still_works(connection: Connection) -> None:
    runs = KeptRunsInMemory()
    wanted = Asked(raw=SAMPLE | {"tickers": ["IBM"]}, user="ann", door=Door.API)
    first, joined = (ask(connection, runs, wanted).submission for _ in range(2))
    first_task(connection, first.run_id, tickers=["IBM"])
    connection.execute("UPDATE analysis_jobs SET current_until = clock_timestamp()")
    second = ask(connection, runs, wanted).submission
    assert [one.created for one in (first, joined, second)] == [True, False, True]
    assert not first_task(connection, second.run_id, tickers=["IBM"]).claim.joined
    assert len({job.job_id for job in newest_jobs(connection, ANN, JobFilter(), None, 50)}) == 2


def test_a_run_of_a_door_that_is_refused_is_recorded_as_refused(connection: Connection) -> None:
    run_id = made(connection, tickers=["IBM"], on_duplicate="fail")
    first_task(connection, "quicker", tickers=["IBM"])
    for _ in range(2):
        with pytest.raises(DuplicateJobError):
            first_task(connection, run_id, tickers=["IBM"], on_duplicate="fail")
    assert told(connection)[2:] == [("refused", run_id, None)]
    newest, _, oldest = recorded_requests(connection, ANN, RequestFilter(), None, 50)
    assert (newest.follows, "quicker" in str(newest.reason)) == (oldest.id, True)


def test_a_run_that_was_refused_and_does_its_work_when_it_is_cleared_is_recorded_so(connection: Connection) -> None:
    run_id = made(connection, tickers=["IBM"])
    cancel_job(connection, run_id, "ann wants it", actor="ann")
    with pytest.raises(CancelledRunError):
        first_task(connection, run_id, tickers=["IBM"])
    first_task(connection, run_id, clear_number=1, tickers=["IBM"])
    assert [disposition for disposition, *_ in told(connection)] == ["created", "refused", "created"]
    assert len(requests_of_job(connection, run_id)) == 1


def test_a_run_that_was_refused_is_nobodys_answer_while_airflow_still_ends_it(connection: Connection) -> None:
    runs, asked = KeptRunsInMemory(), Asked(raw=SAMPLE | {"tickers": ["IBM"]}, user="ann", door=Door.API)
    first = ask(connection, runs, asked).submission
    assert ask(connection, runs, asked).submission.run_id == first.run_id
    record_refusal(connection, asking(first.run_id), None, "no such universe")
    second = ask(connection, runs, asked).submission
    assert (second.created, second.run_id != first.run_id) == (True, True)


def test_a_watchlist_that_changes_behind_the_door_changes_no_work(connection: Connection) -> None:
    add_to_watchlist(connection, "ann", ["IBM", "JPM"])
    run_id = made(connection)
    add_to_watchlist(connection, "ann", ["KO"])
    for ticker in ("IBM", "JPM"):
        remove_watchlist_entry(connection, "ann", "default", ticker)
    first_task(connection, run_id)
    assert tickers(connection, run_id) == ["IBM", "JPM"]
    row = connection.execute("SELECT claim_key, analysis_source FROM analysis_jobs").fetchone()
    assert row is not None
    assert (row["claim_key"][:KEY_LENGTH], row["analysis_source"]) == (run_id.split(".")[0], "watchlist")
    assert told(connection) == [("created", run_id, run_id)]


def test_a_universe_that_changes_behind_the_door_changes_no_work(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("include.jobs.canonical.universe", lambda name: ("IBM", "JPM"))
    run_id = made(connection, universe="sample_leaders")
    monkeypatch.setattr("include.jobs.canonical.universe", lambda name: ("KO",))
    first_task(connection, run_id, universe="sample_leaders")
    assert tickers(connection, run_id) == ["IBM", "JPM"]


@pytest.mark.parametrize("run_type", ["manual", "scheduled"])
def test_a_run_that_no_door_made_resolves_its_request_once_and_does_the_same_when_it_is_cleared(
    connection: Connection, run_type: str
) -> None:
    add_to_watchlist(connection, "ann", ["IBM"])
    first_task(connection, "airflows", run_type=run_type)
    finalize_job(connection, "airflows")
    add_to_watchlist(connection, "ann", ["KO"])
    first_task(connection, "airflows", clear_number=1, run_type=run_type)
    first_task(connection, "next", run_type=run_type)
    assert (tickers(connection, "airflows"), tickers(connection, "next")) == (["IBM"], ["IBM", "KO"])


def test_a_run_that_was_refused_for_an_empty_watchlist_takes_what_is_there_when_it_is_cleared(
    connection: Connection,
) -> None:
    with pytest.raises(InvalidRequestError, match="is empty"):
        first_task(connection, "airflows")
    add_to_watchlist(connection, "ann", ["IBM"])
    first_task(connection, "airflows", clear_number=1)
    assert tickers(connection, "airflows") == ["IBM"]


@pytest.mark.parametrize("other", [{"user": "bob", "tickers": ["IBM"]}, {"tickers": ["KO"]}])
def test_a_run_that_has_the_id_of_a_deleted_one_is_bound_by_no_promise_of_that(
    connection: Connection, other: dict[str, Any]
) -> None:
    run_id = made(connection, tickers=["ibm"])
    first_task(connection, run_id, **other)
    assert tickers(connection, run_id) == other["tickers"]


@pytest.mark.parametrize("msg", ["task_failure", "timed_out"])
def test_a_run_that_fails_before_its_first_task_could_say_anything_is_recorded_so(
    connection: Connection, app_url: str, monkeypatch: pytest.MonkeyPatch, msg: str
) -> None:
    from include.pipeline.listener import _end_job

    monkeypatch.setenv("AIRFLOW_CONN_STOCKS_DB", app_url)
    run_id, joining = made(connection, tickers=["IBM"]), made(connection, tickers=["KO"])
    first_task(connection, "quicker", tickers=["KO"])
    first_task(connection, joining, tickers=["KO"])
    for failed in (run_id, run_id, joining, "quicker"):
        _end_job(SimpleNamespace(run_id=failed, clear_number=0, dag_run_note=None), msg)  # type: ignore[arg-type]
    assert [one for one in told(connection) if one[0] == "refused"] == [("refused", run_id, None)]
    listed = newest_jobs(connection, ANN, JobFilter(status=JobStatus.FAILED), None, 10)
    assert {job.job_id for job in listed} == {run_id, "quicker"}
