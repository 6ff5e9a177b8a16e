"""Cleaning up work that was done twice: explicit, recorded, and without losing a result."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from include.jobs.duplicates import clean_duplicates, find_duplicates, report_document
from include.model.duplicates import Cleaning, DuplicateSearch
from include.model.errors import ErrorCode, Refusal
from include.storage.connection import Connection, connect, queries
from include.storage.duplicates import kept_instead
from include.storage.jobs import finalize_job
from include.storage.results import store_outcomes, verdicts
from include.storage.watchlist import add_to_watchlist
from local.postgres import Cluster
from tests.conftest import OWNER, PASSWORD
from tests.storage.demands import begun, demand, opened, outcome
from tests.storage.equal_jobs import answered, move_to, ran

EVERYTHING = (
    "analysis_jobs",
    "analysis_jobs_details",
    "analysis_results",
    "analysis_raw_data",
    "analysis_requests",
    "analysis_actions",
    "watchlist",
    "request_ids",
    "outbox",
)


def clean(connection: Connection, actor: str = "op", **search: Any) -> list[Cleaning]:
    return list(clean_duplicates(connection, DuplicateSearch(**search), actor, really=True))


def would_clean(connection: Connection, **search: Any) -> list[Cleaning]:
    return list(clean_duplicates(connection, DuplicateSearch(**search), "op"))


def left(connection: Connection) -> list[str]:
    rows = connection.execute("SELECT job_id FROM analysis_jobs ORDER BY job_id").fetchall()
    return [row["job_id"] for row in rows]


def owners(connection: Connection) -> dict[str, str]:
    rows = connection.execute("SELECT ticker, job_id FROM analysis_results").fetchall()
    return {row["ticker"]: row["job_id"] for row in rows}


def actions(connection: Connection) -> list[dict[str, Any]]:
    rows = connection.execute("SELECT actor, action, job_id, details FROM analysis_actions ORDER BY id").fetchall()
    return [dict(row) for row in rows]


def everything(connection: Connection) -> dict[str, list[Any]]:
    return {
        table: [
            row["row"]
            for row in connection.execute(f"SELECT to_jsonb(t) AS row FROM {table} AS t ORDER BY 1 ")  # type: ignore[arg-type]
        ]
        for table in EVERYTHING
    }


@pytest.fixture
def twice(connection: Connection) -> None:
    """IBM and JPM were computed by two equal jobs, a second apart; the watchlist shows the later one."""
    add_to_watchlist(connection, "ann", ["IBM", "XOM"])
    ran(connection, "run-1")
    ran(connection, "run-2", at=1)


@pytest.fixture
def owner(cluster: Cluster, database: str) -> Iterator[psycopg.Connection[Any]]:
    """The role that owns the tables, for what the application's role cannot do."""
    with psycopg.connect(cluster.url(database, role=OWNER, password=PASSWORD), autocommit=True) as opened:
        yield opened


@pytest.mark.usefixtures("twice")
def test_without_being_told_really_it_says_what_it_would_do_and_does_nothing(connection: Connection) -> None:
    before = everything(connection)
    said = would_clean(connection)
    assert said == [Cleaning(earlier_id="run-1", later_id="run-2", kept_id="run-1", removed_id="run-2")]
    assert everything(connection) == before
    assert clean(connection) == said


@pytest.mark.usefixtures("twice")
def test_the_earlier_job_is_kept_and_takes_over_results_raw_data_watchlist_and_keys(connection: Connection) -> None:
    connection.execute(
        "INSERT INTO request_ids (requested_by, request_id, claim_key, job_id, disposition)"
        " SELECT 'ann', 'mine', claim_key, job_id, 'created' FROM analysis_jobs WHERE job_id = 'run-2'"
    )
    before = everything(connection)
    assert set(owners(connection).values()) == {"run-2"}
    clean(connection)
    after = everything(connection)
    assert left(connection) == ["run-1"]
    assert [{**row, "job_id": "run-1"} for row in before["analysis_results"]] == after["analysis_results"]
    for table in ("analysis_raw_data", "analysis_requests", "outbox"):
        assert after[table] == before[table]
    for table, column in (("watchlist", "last_job_id"), ("request_ids", "job_id")):
        moved = [{**row, column: row[column] and "run-1"} for row in before[table]]
        assert after[table] == moved
        assert "run-1" in {row[column] for row in moved}
    assert after["analysis_jobs_details"] == [d for d in before["analysis_jobs_details"] if d["job_id"] == "run-1"]
    assert find_duplicates(connection, DuplicateSearch()).passed


@pytest.mark.usefixtures("twice")
def test_what_was_removed_is_on_record_with_who_did_it_and_all_of_it(connection: Connection) -> None:
    before = everything(connection)
    clean(connection, actor="olga")
    (action,) = actions(connection)
    details = action.pop("details")
    assert action == {"actor": "olga", "action": "clean", "job_id": "run-2"}
    assert details["kept_job"] == "run-1"
    assert details["counts"] == {"details": 2, "results": 2, "watchlist": 1, "request_ids": 0}
    assert [details["job"]] == [job for job in before["analysis_jobs"] if job["job_id"] == "run-2"]
    gone = [d for d in before["analysis_jobs_details"] if d["job_id"] == "run-2"]
    assert [{**detail, "job_id": "run-2"} for detail in details["details"]] == gone
    assert kept_instead(connection, "run-2") == "run-1"


@pytest.mark.usefixtures("twice")
def test_cleaning_again_finds_nothing(connection: Connection) -> None:
    clean(connection)
    before = everything(connection)
    assert clean(connection) == []
    assert everything(connection) == before


@pytest.mark.usefixtures("twice")
def test_the_kept_job_says_as_much_as_before_also_when_its_results_had_been_removed(connection: Connection) -> None:
    connection.execute("UPDATE analysis_jobs_details SET result_id = NULL WHERE job_id = 'run-1'")
    clean(connection)
    assert [(row.currency, row.reasons) for row in verdicts(connection, "run-1")] == [("USD", ("RSI 28.0",))] * 2


def test_the_later_job_is_kept_when_it_alone_has_the_results(connection: Connection) -> None:
    ran(connection, "run-1", lasted=10, failed=["JPM"])
    ran(connection, "run-2", at=1)
    (done,) = clean(connection)
    assert (done.kept_id, done.removed_id) == ("run-2", "run-1")
    assert (left(connection), owners(connection)) == (["run-2"], {"IBM": "run-2", "JPM": "run-2"})


def test_of_two_jobs_without_any_result_the_earlier_is_kept(connection: Connection) -> None:
    for number in (1, 2):
        ran(connection, f"run-{number}", at=number, lasted=10, failed=["IBM", "JPM"])
    clean(connection)
    assert left(connection) == ["run-1"]


@pytest.mark.parametrize("ats", [(0, 0.5, 1), (0, 1.5, 3)], ids=["in one window", "each near to the next alone"])
def test_of_three_equal_jobs_in_a_row_the_first_gets_everything(connection: Connection, ats: tuple[float, ...]) -> None:
    for number, at in enumerate(ats):
        ran(connection, f"run-{number}", at=at)
    said = would_clean(connection)
    assert [(one.removed_id, one.kept_id) for one in said] == [("run-1", "run-0"), ("run-2", "run-0")]
    assert clean(connection) == said
    assert (left(connection), set(owners(connection).values())) == (["run-0"], {"run-0"})
    assert [action["details"]["kept_job"] for action in actions(connection)] == ["run-0", "run-0"]
    assert clean(connection) == []


NOTHING = ["IBM", "JPM"]


@pytest.mark.parametrize(
    ("failed", "done"),
    [
        ([NOTHING, [], NOTHING], [("run-0", "run-1"), ("run-2", "run-1")]),
        ([NOTHING, NOTHING, []], [("run-1", "run-0"), ("run-0", "run-2")]),
        ([NOTHING, ["IBM"], ["JPM"]], [("run-0", "run-1"), (None, None)]),
    ],
    ids=["the middle one", "the last one", "two of them, which are told of once"],
)
def test_of_three_in_a_row_those_with_the_results_are_kept(
    connection: Connection, failed: list[list[str]], done: list[tuple[str | None, str | None]]
) -> None:
    for number, tickers in enumerate(failed):
        ran(connection, f"run-{number}", at=number / 2, lasted=10, failed=tickers)
    said = would_clean(connection)
    assert [(one.removed_id, one.kept_id) for one in said] == done
    assert clean(connection) == said
    assert left(connection) == [f"run-{n}" for n in range(3) if f"run-{n}" not in {removed for removed, _ in done}]
    assert owners(connection).keys() == {"IBM", "JPM"}
    assert set(owners(connection).values()) == set(left(connection))


def test_what_is_as_it_should_be_is_left_alone(connection: Connection) -> None:
    ran(connection, "first", failed=["JPM"])
    ran(connection, "forced", at=0.5, wanted=demand(force=True))
    ran(connection, "bobs", at=0.5, wanted=demand(user="bob"))
    ran(connection, "long after", at=100)
    answered(connection, "again", at=101)
    before = everything(connection)
    assert clean(connection) == []
    assert everything(connection) == before


@pytest.mark.usefixtures("twice")
def test_only_what_was_searched_for_is_cleaned(connection: Connection) -> None:
    for number in (1, 2):
        ran(connection, f"bob-{number}", at=number, wanted=demand(user="bob"))
    clean(connection, user="bob")
    assert left(connection) == ["bob-1", "run-1", "run-2"]


def each_has_what_the_other_lacks(connection: Connection) -> None:
    ran(connection, "run-1", lasted=10, failed=["JPM"])
    ran(connection, "run-2", at=1, failed=["IBM"])


def one_has_a_ticker_more(connection: Connection) -> None:
    ran(connection, "run-1")
    ran(connection, "run-2", at=1)
    connection.execute("DELETE FROM analysis_jobs_details WHERE job_id = 'run-1' AND ticker = 'JPM'")


def each_owns_a_result_of_an_earlier_session(connection: Connection) -> None:
    """As jobs do that were run again on the day after, by themselves."""
    for number, ticker in ((1, "IBM"), (2, "JPM")):
        ran(connection, f"run-{number}", at=number)
        connection.execute(
            "UPDATE analysis_results SET session_date = session_date - 1, job_id = %s WHERE ticker = %s",
            (f"run-{number}", ticker),
        )


def the_later_is_active(connection: Connection) -> None:
    ran(connection, "run-1")
    store_outcomes(connection, begun(connection, "run-2", clear_number=1), [outcome("IBM")])
    connection.execute(
        "UPDATE analysis_jobs SET created_at = (SELECT created_at FROM analysis_jobs WHERE job_id = 'run-1')"
    )


def the_earlier_is_run_again(connection: Connection) -> None:
    ran(connection, "run-1")
    ran(connection, "run-2", at=1)
    store_outcomes(connection, begun(connection, "run-1", clear_number=1), [outcome("IBM")])


def their_requests_differ(connection: Connection) -> None:
    ran(connection, "run-1")
    ran(connection, "run-2", at=1)
    connection.execute("UPDATE analysis_jobs SET request = request - 'as_of' WHERE job_id = 'run-2'")


@pytest.mark.parametrize(
    ("history", "why"),
    [
        (
            each_has_what_the_other_lacks,
            "each has results that the other lacks: the first none of JPM, the second none of IBM",
        ),
        (one_has_a_ticker_more, "only one of them has JPM: that is not equal work"),
        (
            each_owns_a_result_of_an_earlier_session,
            "each has results that the other lacks: the first none of JPM, the second none of IBM",
        ),
        (the_later_is_active, "run-2 is active"),
        (the_earlier_is_run_again, "run-1 is active"),
        (their_requests_differ, "their requests differ although their claim keys are equal: report this as a bug"),
    ],
)
def test_a_pair_that_cannot_be_cleaned_without_loss_is_left_as_it_is_with_the_reason(
    connection: Connection, history: Callable[[Connection], None], why: str
) -> None:
    history(connection)
    before = everything(connection)
    assert find_duplicates(connection, DuplicateSearch()).duplicate_count == 1
    (said,) = would_clean(connection)
    assert (said.kept_id, said.removed_id) == (None, None)
    assert said.refused is not None
    assert said.refused.startswith(why)
    assert clean(connection) == [said]
    assert everything(connection) == before


@pytest.mark.usefixtures("twice")
def test_a_job_that_is_run_again_after_it_was_found_is_left_alone(connection: Connection) -> None:
    for number in (1, 2):
        ran(connection, f"bob-{number}", at=number + 100, wanted=demand(user="bob"))
    cleanings = clean_duplicates(connection, DuplicateSearch(), "op", really=True)
    assert next(cleanings).removed_id == "run-2"
    opened(connection, "bob-2", demand(user="bob"), clear_number=1)
    finalize_job(connection, "bob-2")
    assert next(cleanings).refused == "bob-2 was removed or run again meanwhile: look again"
    assert left(connection) == ["bob-1", "bob-2", "run-1"]


@pytest.mark.usefixtures("twice")
def test_a_job_that_is_being_run_again_is_waited_for_and_left_alone(connection: Connection, app_url: str) -> None:
    done: list[Cleaning] = []

    def sweep() -> None:
        with connect(app_url) as own:
            done.extend(clean(own))

    with connect(app_url) as other:
        with other.transaction():
            opened(other, "run-2", clear_number=1)
            cleaner = threading.Thread(target=sweep)
            cleaner.start()
            while connection.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is None:
                assert cleaner.is_alive()
        cleaner.join(timeout=30)
    assert [one.refused for one in done] == ["run-2 was removed or run again meanwhile: look again"]
    assert left(connection) == ["run-1", "run-2"]


@pytest.mark.usefixtures("twice")
@pytest.mark.parametrize("step", ["job_snapshot", "move_results", "move_watchlist", "remove_ended_job"])
def test_an_error_in_the_middle_changes_nothing(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    before = everything(connection)
    with monkeypatch.context() as patched:
        patched.setattr(queries(), step, interrupt)
        with pytest.raises(KeyboardInterrupt):
            clean(connection)
    assert everything(connection) == before
    clean(connection)
    assert left(connection) == ["run-1"]


ON_JOBS = "CREATE TRIGGER meddle BEFORE DELETE ON analysis_jobs FOR EACH ROW"
ON_RESULTS = "CREATE TRIGGER meddle BEFORE UPDATE ON analysis_results FOR EACH ROW"


@pytest.mark.usefixtures("twice")
def test_a_pair_that_postgresql_refuses_does_not_keep_the_others_from_it(
    connection: Connection, owner: psycopg.Connection[Any]
) -> None:
    for number in (1, 2):
        ran(connection, f"bob-{number}", at=number + 100, wanted=demand(user="bob"))
    owner.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;"
        f"{ON_JOBS} WHEN (OLD.requested_by = 'ann') EXECUTE FUNCTION refuse()"
    )
    ann, bob = clean(connection)
    assert ann.refused == "the database refused: not this one"
    assert bob.removed_id == "bob-2"
    assert left(connection) == ["bob-1", "run-1", "run-2"]
    assert [action["job_id"] for action in actions(connection)] == ["bob-2"]


@pytest.mark.usefixtures("twice")
def test_a_job_that_still_owns_a_result_is_never_removed(
    connection: Connection, owner: psycopg.Connection[Any]
) -> None:
    owner.execute(
        "CREATE FUNCTION ignore() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
        f"{ON_RESULTS} WHEN (OLD.ticker = 'IBM') EXECUTE FUNCTION ignore()"
    )
    before = everything(connection)
    with pytest.raises(RuntimeError, match="run-2 still owns results"):
        clean(connection)
    assert everything(connection) == before


@pytest.mark.usefixtures("twice")
def test_of_two_who_clean_at_once_one_removes_and_one_records(connection: Connection, app_url: str) -> None:
    gate, done = threading.Barrier(2), []

    def sweep() -> None:
        with connect(app_url) as own:
            gate.wait(timeout=20)
            done.extend(clean(own))

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sum(one.removed_id == "run-2" for one in done) == 1
    assert (left(connection), len(actions(connection))) == (["run-1"], 1)
    assert owners(connection) == {"IBM": "run-1", "JPM": "run-1"}


def test_a_result_that_was_taken_over_is_still_not_replaced_by_older_work(connection: Connection) -> None:
    ran(connection, "run-1")
    between = begun(connection, "between", demand(user="bob"))
    ran(connection, "run-2", at=1)
    clean(connection)
    store_outcomes(connection, between, [outcome("IBM", 61.0), Refusal("JPM", ErrorCode.NO_DATA, "no bars")])
    assert owners(connection) == {"IBM": "run-1", "JPM": "run-1"}
    scores = connection.execute("SELECT DISTINCT score::float AS score FROM analysis_results").fetchall()
    assert scores == [{"score": 67.4}]


def test_a_job_of_ten_thousand_tickers_is_cleaned_and_recorded_whole(connection: Connection) -> None:
    tickers = [f"T{number}" for number in range(10_000)]
    for number in (1, 2):
        job_id = f"run-{number}"
        begun(connection, job_id, demand(*tickers))
        finalize_job(connection, job_id)
        move_to(connection, job_id, at=number, lasted=10)
    clean(connection)
    (action,) = actions(connection)
    assert (left(connection), len(action["details"]["details"])) == (["run-1"], 10_000)


@pytest.mark.usefixtures("twice")
def test_the_report_is_a_document_for_programs(connection: Connection) -> None:
    document = report_document(find_duplicates(connection, DuplicateSearch(), most=1))
    (pair,) = document.pop("pairs")
    assert document == {
        "passed": False,
        "seconds": 2.0,
        "since": None,
        "user": None,
        "pair_count": 1,
        "duplicate_count": 1,
    }
    assert pair["earlier"] == {
        "job_id": "run-1",
        "status": "completed",
        "attempt": 1,
        "created_at": "2026-01-05T12:00:00Z",
    }
    assert (pair["later"]["job_id"], pair["seconds_apart"], pair["computed_twice"]) == ("run-2", 1.0, 2)
    assert (pair["kind"], pair["is_duplicate"], pair["requested_by"]) == ("computed_twice", True, "ann")
