"""Equal jobs that were created close together are found, fast, and told apart by what they did."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from include.model.duplicates import DuplicateReport, DuplicateSearch, EqualPair, PairKind
from include.model.errors import InvalidRequestError
from include.model.job import JobStatus
from include.storage.actions import Action, record_action
from include.storage.connection import Connection, queries
from include.storage.duplicates import equal_pairs, kept_instead
from include.storage.jobs import finalize_job
from local.postgres import Cluster
from tests.conftest import OWNER, PASSWORD
from tests.storage.demands import begun, demand, opened
from tests.storage.equal_jobs import NOON, answered, move_to, ran


def found(connection: Connection, **search: Any) -> DuplicateReport:
    return equal_pairs(connection, DuplicateSearch(**search))


def ids(report: DuplicateReport) -> list[tuple[str, str]]:
    return [(pair.earlier.job_id, pair.later.job_id) for pair in report.pairs]


def only(report: DuplicateReport) -> EqualPair:
    (pair,) = report.pairs
    return pair


def test_without_jobs_there_are_no_pairs_and_the_search_has_passed(connection: Connection) -> None:
    report = found(connection)
    assert (report.pairs, report.pair_count, report.duplicate_count, report.passed) == ((), 0, 0, True)


def test_two_equal_jobs_that_both_computed_are_a_duplicate_with_all_that_is_to_know(connection: Connection) -> None:
    ran(connection, "run-1")
    ran(connection, "run-2", at=1.25)
    report = found(connection)
    pair = only(report)
    assert (pair.earlier.job_id, pair.later.job_id, pair.requested_by) == ("run-1", "run-2", "ann")
    assert (pair.earlier.created_at, pair.seconds_apart) == (NOON, 1.25)
    assert (pair.later.status, pair.later.attempt) == (JobStatus.COMPLETED, 1)
    assert (pair.kind, pair.computed_twice, pair.total) == (PairKind.COMPUTED_TWICE, 2, 2)
    assert (report.pair_count, report.duplicate_count, report.passed) == (1, 1, False)


@pytest.mark.parametrize(
    ("apart", "seconds", "pairs"),
    [(2.0, 2.0, 1), (2.000001, 2.0, 0), (2.000001, 2.5, 1), (0.000001, 0.000001, 1), (3600, 3600, 1)],
)
def test_the_window_includes_its_edge(connection: Connection, apart: float, seconds: float, pairs: int) -> None:
    ran(connection, "run-1")
    ran(connection, "run-2", at=apart)
    assert found(connection, seconds=seconds).pair_count == pairs


@pytest.mark.parametrize(
    "other",
    [demand(user="bob"), demand("IBM"), demand(strategy="momentum_breakout"), demand(force=True)],
    ids=["another user's", "other tickers", "another strategy", "forced"],
)
def test_other_work_makes_no_pair_whichever_comes_first(connection: Connection, other: Any) -> None:
    ran(connection, "run-1")
    ran(connection, "run-2", at=1, wanted=other)
    assert found(connection).pairs == ()
    move_to(connection, "run-2", at=-1, lasted=0.5)
    assert found(connection).pairs == ()


def test_two_users_who_share_their_work_make_no_pair(connection: Connection) -> None:
    for number, user in enumerate(("ann", "bob")):
        ran(connection, f"run-{number}", at=number, wanted=demand(user=user, scope="shared"))
    keys = connection.execute("SELECT DISTINCT claim_key FROM analysis_jobs").fetchall()
    assert (len(keys), found(connection).pairs) == (1, ())


def test_of_three_equal_jobs_all_pairs_within_the_window_are_found_and_no_others(connection: Connection) -> None:
    for number, at in enumerate((0, 1.5, 3)):
        ran(connection, f"run-{number}", at=at)
    assert ids(found(connection)) == [("run-1", "run-2"), ("run-0", "run-1")]
    assert ids(found(connection, seconds=3)) == [("run-1", "run-2"), ("run-0", "run-2"), ("run-0", "run-1")]


def test_jobs_of_the_very_same_moment_are_one_pair_and_the_lower_number_came_first(connection: Connection) -> None:
    for job_id in ("b", "a"):
        ran(connection, job_id)
    assert ids(found(connection)) == [("b", "a")]


def failed_then_computed(connection: Connection) -> None:
    ran(connection, "run-1", failed=["IBM", "JPM"])
    ran(connection, "run-2", at=1)


def each_computed_another_part(connection: Connection) -> None:
    ran(connection, "run-1", failed=["JPM"])
    ran(connection, "run-2", at=1, failed=["IBM"])


def both_failed(connection: Connection) -> None:
    for number in (0, 1):
        ran(connection, f"run-{number}", at=number, failed=["IBM", "JPM"])


def of_two_sessions(connection: Connection) -> None:
    for number in (0, 1):
        ran(connection, f"run-{number}", at=number)
        connection.execute("UPDATE analysis_jobs_details SET session_date = session_date - 1 WHERE job_id = 'run-0'")


def one_overtaken_while_it_failed(connection: Connection) -> None:
    ran(connection, "run-1", lasted=10, failed=["IBM", "JPM"])
    ran(connection, "run-2", at=1, failed=["IBM", "JPM"])


def answered_from_results(connection: Connection) -> None:
    ran(connection, "run-1")
    answered(connection, "run-2", at=1)


def inserted_while_the_first_was_ending(connection: Connection) -> None:
    """created_at is from before the insert waited for the end of the first, started_at from after it."""
    ran(connection, "run-1", lasted=1.05)
    answered(connection, "run-2", at=1)


def first_run_again_later(connection: Connection) -> None:
    ran(connection, "run-1", failed=["IBM", "JPM"])
    ran(connection, "run-2", at=1)
    opened(connection, "run-1", clear_number=1)
    finalize_job(connection, "run-1")


def second_still_at_work(connection: Connection) -> None:
    ran(connection, "run-1", failed=["IBM", "JPM"])
    begun(connection, "run-2")
    connection.execute(
        "UPDATE analysis_jobs SET created_at = %s WHERE job_id = 'run-2'", (NOON + timedelta(seconds=1),)
    )


@pytest.mark.parametrize(
    ("history", "kind"),
    [
        (failed_then_computed, PairKind.ASKED_AGAIN),
        (each_computed_another_part, PairKind.ASKED_AGAIN),
        (both_failed, PairKind.ASKED_AGAIN),
        (of_two_sessions, PairKind.ASKED_AGAIN),
        (one_overtaken_while_it_failed, PairKind.SIMULTANEOUS),
        (answered_from_results, PairKind.REUSED),
        (inserted_while_the_first_was_ending, PairKind.REUSED),
        (first_run_again_later, PairKind.ASKED_AGAIN),
        (second_still_at_work, PairKind.ASKED_AGAIN),
    ],
)
def test_a_pair_is_a_duplicate_when_work_was_done_twice_or_at_once_and_not_otherwise(
    connection: Connection, history: Callable[[Connection], None], kind: PairKind
) -> None:
    history(connection)
    report = found(connection)
    assert (only(report).kind, only(report).computed_twice) == (kind, 0)
    assert (report.duplicate_count, report.passed) == (int(kind.is_duplicate), not kind.is_duplicate)


def test_one_ticker_computed_twice_is_enough(connection: Connection) -> None:
    ran(connection, "run-1", failed=["JPM"])
    ran(connection, "run-2", at=1)
    pair = only(found(connection))
    assert (pair.kind, pair.computed_twice, pair.total) == (PairKind.COMPUTED_TWICE, 1, 2)


def test_the_day_is_that_of_the_later_job(connection: Connection) -> None:
    midnight = 12 * 3600
    ran(connection, "run-1", at=midnight - 1)
    ran(connection, "run-2", at=midnight)
    day = NOON.date() + timedelta(days=1)
    assert ids(found(connection, since=day)) == [("run-1", "run-2")]
    assert found(connection, since=day + timedelta(days=1)).pairs == ()


def test_only_the_jobs_of_one_user_are_looked_at_when_one_is_named(connection: Connection) -> None:
    for user in ("ann", "bob"):
        for number in (0, 1):
            ran(connection, f"{user}-{number}", at=number, wanted=demand(user=user))
    assert ids(found(connection, user="bob")) == [("bob-0", "bob-1")]
    assert found(connection, user="eve").pair_count == 0


def test_duplicates_come_first_and_every_page_knows_the_counts_of_all(connection: Connection) -> None:
    ran(connection, "old-0")
    ran(connection, "old-1", at=1)
    answered(connection, "new-0", at=100)
    answered(connection, "new-1", at=101)
    pages = [equal_pairs(connection, DuplicateSearch(), most=1, skipped=skipped) for skipped in (0, 1, 2)]
    assert [ids(page) for page in pages] == [[("old-0", "old-1")], [("new-0", "new-1")], []]
    assert {(page.pair_count, page.duplicate_count) for page in pages} == {(2, 1)}


@pytest.mark.parametrize("seconds", [0, -1, 3600.1, float("nan"), float("inf")])
def test_a_window_without_sense_is_refused(seconds: float) -> None:
    with pytest.raises(InvalidRequestError, match="seconds: must be above 0, and at most 3600"):
        DuplicateSearch(seconds=seconds)


def many_jobs(connection: Connection, count: int) -> None:
    """Jobs ten minutes apart, every fifth of them the same work, and a pair at the very end."""
    claim = opened(connection, "first")
    finalize_job(connection, claim.run.job_id)
    connection.execute(
        "INSERT INTO analysis_jobs (job_id, dag_id, claim_key, request, scope, requested_by, trigger, analysis_source,"
        " status, total, created_at, started_at, completed_at)"
        " SELECT 'job-' || n, dag_id,"
        " CASE WHEN n %% 5 = 0 THEN claim_key ELSE encode(sha256(n::text::bytea), 'hex') END, request,"
        " scope, requested_by, trigger, analysis_source, 'completed', total, made, made, made"
        " FROM analysis_jobs, generate_series(1, %s::integer) AS n,"
        " LATERAL (SELECT %s::timestamptz - (%s::integer - n) * interval '10 minutes' AS made) AS moment",
        (count, NOON, count),
    )
    connection.execute(
        "INSERT INTO analysis_jobs_details (job_id, ticker, batch, status, session_date, verdict, score, completed_at)"
        " SELECT job_id, 'T' || n, 0, 'completed', '2010-08-20', 'Hold', 50, completed_at"
        " FROM analysis_jobs, generate_series(1, 5) AS n WHERE job_id LIKE 'job-%'"
    )
    ran(connection, "last-0", at=60)
    ran(connection, "last-1", at=61)


def plan_of(connection: Connection, **search: Any) -> list[dict[str, Any]]:
    """The nodes of the plan, as PostgreSQL went through them."""
    wanted = DuplicateSearch(**search)
    (row,) = connection.execute(
        "EXPLAIN (ANALYZE, FORMAT JSON) " + queries().equal_pairs.sql,
        {
            "seconds": wanted.seconds,
            "since": wanted.since,
            "requested_by": wanted.user,
            "statuses": [str(status) for status in JobStatus],
            "most": 100,
            "skipped": 0,
        },
    ).fetchall()
    return list(nodes(row["QUERY PLAN"][0]["Plan"]))


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", ()):
        yield from nodes(part)


def rows_of(node: dict[str, Any]) -> float:
    passed_on = node["Actual Rows"] + node.get("Rows Removed by Join Filter", 0)
    return float(passed_on * node["Actual Loops"])


def test_ten_thousand_jobs_of_which_many_are_equal_are_gone_through_once(
    connection: Connection, cluster: Cluster, database: str
) -> None:
    many_jobs(connection, 10_000)
    with psycopg.connect(cluster.url(database, role=OWNER, password=PASSWORD), autocommit=True) as owner:
        owner.execute("ANALYZE")
    assert ids(found(connection)) == [("last-0", "last-1")]
    plan = plan_of(connection)
    assert max(rows_of(node) for node in plan) <= 10_003  # not the 2,000 * 2,000 pairs of equal jobs
    assert [n for n in plan if n.get("Relation Name") == "analysis_jobs_details" and n["Node Type"] == "Seq Scan"] == []


def test_the_newest_of_ten_thousand_jobs_are_found_by_an_index(
    connection: Connection, cluster: Cluster, database: str
) -> None:
    many_jobs(connection, 10_000)
    with psycopg.connect(cluster.url(database, role=OWNER, password=PASSWORD), autocommit=True) as owner:
        owner.execute("ANALYZE")
    day = NOON.date()
    assert ids(found(connection, since=day)) == [("last-0", "last-1")]
    plan = plan_of(connection, since=day)
    assert {"analysis_jobs_status_created", "analysis_jobs_newest"} & {node.get("Index Name") for node in plan}
    assert max(rows_of(node) for node in plan) < 100


def test_who_looks_for_a_removed_job_is_led_to_the_one_that_is_left(connection: Connection) -> None:
    record_action(connection, "op", Action.CLEAN, "c", {"kept_job": "b"})
    record_action(connection, "op", Action.CANCEL, "b", {"kept_job": "nonsense"})
    assert (kept_instead(connection, "c"), kept_instead(connection, "b")) == ("b", None)
    record_action(connection, "op", Action.CLEAN, "b", {"kept_job": "a"})
    assert (kept_instead(connection, "c"), kept_instead(connection, "b")) == ("a", "a")
