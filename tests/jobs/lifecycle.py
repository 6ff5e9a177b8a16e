"""The real thing and the model of it, led through the same steps: after each one they must say the same."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import hypothesis
import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from include.jobs.claims import claim_key
from include.jobs.housekeeping import end_dead_jobs
from include.jobs.opening import OpenedJob, open_job, record_refusal
from include.model.errors import (
    CancelledRunError,
    DuplicateJobError,
    ErrorCode,
    InvalidRequestError,
    Refusal,
)
from include.model.job import Batch, Run
from include.model.request import Demand, OnDuplicate
from include.storage.connection import Connection, connect
from include.storage.database import Database
from include.storage.jobs import (
    abandon_job,
    begin_batch,
    cancel_job,
    finalize_job,
    note_batch_error,
    progress,
)
from include.storage.requests import Disposition, remember_request_id
from include.storage.results import store_outcomes
from include.storage.watchlist import add_to_watchlist
from tests.dice import seed_of
from tests.jobs.model import ACTIVE, Entry, Job, Model, RefusedError
from tests.storage.demands import DAG_ID, SESSION, asking, demand, outcome

USERS = ("ann", "bob")
TICKERS = ("AAA", "BBB", "CCC", "DDD", "EEE")
WATCHED = TICKERS[:4]
HOUR = 3600
STATE = """
SELECT
    (SELECT coalesce(jsonb_agg(to_jsonb(job) ORDER BY seq), '[]') FROM analysis_jobs AS job) AS jobs,
    (SELECT coalesce(jsonb_agg(to_jsonb(d) || jsonb_build_object('linked', r.ticker)), '[]')
        FROM analysis_jobs_details AS d LEFT JOIN analysis_results AS r ON r.id = d.result_id) AS details,
    (SELECT coalesce(jsonb_agg(to_jsonb(result)), '[]') FROM analysis_results AS result) AS results,
    (SELECT coalesce(jsonb_agg(result_id), '[]') FROM analysis_raw_data) AS raw_data,
    (SELECT coalesce(jsonb_agg(to_jsonb(asked)), '[]') FROM analysis_requests AS asked) AS requests,
    (SELECT coalesce(jsonb_agg(to_jsonb(known)), '[]') FROM request_ids AS known) AS request_ids,
    (SELECT coalesce(jsonb_agg(to_jsonb(told) ORDER BY id), '[]') FROM outbox AS told) AS outbox,
    (SELECT coalesce(jsonb_agg(to_jsonb(done) ORDER BY id), '[]') FROM analysis_actions AS done) AS actions,
    (SELECT coalesce(jsonb_agg(to_jsonb(entry)), '[]') FROM watchlist AS entry) AS watchlist
"""

TABLES = (
    "analysis_jobs, analysis_jobs_details, analysis_results, analysis_raw_data, analysis_requests, request_ids,"
    " outbox, analysis_actions, watchlist"
)
Rows = list[dict[str, Any]]
TICKER_SETS = st.sets(st.sampled_from(TICKERS), min_size=1, max_size=4)
WHICH = st.integers(0, 30)  # of those that there are, counted from the newest


@dataclass
class AskedRun:
    """A run as Airflow keeps it: what it was asked for, how often it was cleared."""

    run_id: str
    demand: Demand
    clear_number: int = 0


class Lifecycle(RuleBasedStateMachine):
    """Steps of requests, tasks, people and the housekeeping, in any order. `seen` counts what came of them."""

    def __init__(self, connection: Connection, reset: Callable[[], object], seen: Counter[str]) -> None:
        super().__init__()
        reset()
        self.seen = seen
        self.connection = connection
        self.model = Model(watchlist={(user, ticker): Entry() for user in USERS for ticker in WATCHED})
        for user in USERS:
            add_to_watchlist(connection, user, WATCHED)
        self.runs: list[AskedRun] = []
        self.batches: list[Batch] = []
        self.scores = 600
        self.seqs: dict[str, int] = {}
        self.ended: dict[tuple[str, int], str] = {}

    # --- requests

    @rule(
        user=st.sampled_from(USERS),
        tickers=TICKER_SETS,
        shared=st.booleans(),
        force=st.sampled_from([False, False, True]),
        on_duplicate=st.sampled_from(list(OnDuplicate)),
        request_id=st.sampled_from([None, None, "r1", "r2"]),
        at_once=st.sampled_from([True, True, True, False]),
    )
    def ask(
        self,
        user: str,
        tickers: set[str],
        shared: bool,
        force: bool,
        on_duplicate: OnDuplicate,
        request_id: str | None,
        at_once: bool,
    ) -> None:
        """A new run; its first task begins at once, or waits to be scheduled."""
        wanted = demand(
            *tickers,
            user=user,
            force=force,
            on_duplicate=OnDuplicate.USE_EXISTING if force else on_duplicate,
            request_id=request_id,
            scope="shared" if shared else f"user:{user}",
        )
        run = AskedRun(f"run-{len(self.runs)}", replace(wanted, batch_size=2))
        self.runs.append(run)
        if at_once:
            self._open(run)
        else:
            self._answer_at_the_door(run)

    def _answer_at_the_door(self, run: AskedRun) -> None:
        """A client was told of the run before its first task began."""
        user, request_id = run.demand.requested_by, run.demand.request_id
        if request_id and (user, request_id) not in self.model.request_ids:
            key = claim_key(run.demand.request)
            remember_request_id(self.connection, user, request_id, key, run.run_id, Disposition.CREATED)
            self.model.request_ids[user, request_id] = (key, run.run_id, "created")

    @precondition(lambda self: self.runs)
    @rule(which=WHICH)
    def ask_the_same(self, which: int) -> None:
        """Somebody asks for what was asked before."""
        self.runs.append(AskedRun(f"run-{len(self.runs)}", self._run(which).demand))
        self._open(self.runs[-1])

    @precondition(lambda self: self.runs)
    @rule(which=WHICH, cleared=st.booleans())
    def begin_again(self, which: int, cleared: bool) -> None:
        """The first task of a run is tried (again), or the whole run was cleared."""
        run = self._run(which)
        run.clear_number += cleared
        self.model.over.discard(run.run_id)
        self._open(run)

    def _open(self, run: AskedRun) -> None:
        opened = self._both(
            lambda: self._really_open(run), lambda: self.model.open(run.run_id, run.clear_number, run.demand)
        )
        if opened is not None:
            real, answered_by = opened
            assert real.claim.run.job_id == answered_by
            assert real.claim.joined == (answered_by != run.run_id)
            self.seen["joined" if real.claim.joined else "reopened" if real.claim.attempt > 1 else "created"] += 1
            self.seen["reused"] += bool(real.reused)
            self.batches.extend(real.batches)

    def _really_open(self, run: AskedRun) -> OpenedJob:
        asked = asking(run.run_id, run.demand.requested_by, clear_number=run.clear_number)
        sessions = dict.fromkeys(run.demand.request.tickers, SESSION)
        try:
            return open_job(self.connection, asked, run.demand, sessions, self._is_over)
        except (InvalidRequestError, DuplicateJobError, CancelledRunError) as error:
            record_refusal(self.connection, asked, run.demand.request, str(error))
            raise

    def _is_over(self, run: Run) -> bool:
        assert run.dag_id == DAG_ID
        return run.job_id in self.model.over

    # --- tasks

    @precondition(lambda self: self.batches)
    @rule(which=WHICH)
    def begin(self, which: int) -> None:
        batch = self._batch(which)
        begun = self._both(
            lambda: list(begin_batch(self.connection, batch).sessions),
            lambda: self.model.begin(batch.job_id, batch.attempt, batch.number),
        )
        assert begun is None or begun[0] == begun[1]

    @precondition(lambda self: self.batches)
    @rule(which=WHICH, some=st.sets(st.integers(0, 3)), failing=st.sets(st.integers(0, 3)))
    def store(self, which: int, some: set[int], failing: set[int]) -> None:
        """What became of some tickers of a batch, whether they are open or not."""
        batch = self._batch(which)
        tickers = sorted(self._tickers(batch))
        self._store(batch, {t: n in failing for n, t in enumerate(tickers) if n in some})

    @precondition(lambda self: self.batches)
    @rule(which=WHICH, failing=st.sampled_from([False, False, True]))
    def work_off(self, which: int, failing: bool) -> None:
        """A whole task of a batch."""
        self.begin(which)
        batch = self._batch(which)
        self._store(batch, dict.fromkeys(self._tickers(batch), failing))

    def _store(self, batch: Batch, fails: dict[str, bool]) -> None:
        self.scores = 600 + (self.scores - 599) % 199
        score = self.scores / 10
        outcomes = [
            Refusal(t, ErrorCode.NO_DATA, "no bars") if failed else outcome(t, score) for t, failed in fails.items()
        ]
        found: dict[str, float | str] = {t: "no_data" if failed else score for t, failed in fails.items()}
        self._both(
            lambda: store_outcomes(self.connection, batch, outcomes),
            lambda: self.model.store(batch.job_id, batch.attempt, found),
        )

    @precondition(lambda self: self.batches)
    @rule(which=WHICH)
    def note(self, which: int) -> None:
        """The source is away: the batch will be tried again."""
        batch = self._batch(which)
        note_batch_error(self.connection, batch, "source_unavailable", "Yahoo is away")
        self.model.note(batch.job_id, batch.attempt, batch.number, "source_unavailable")

    @precondition(lambda self: self.runs)
    @rule(which=WHICH, times=st.integers(1, 2))
    def finalise(self, which: int, times: int) -> None:
        run_id = self._run(which).run_id
        said = [finalize_job(self.connection, run_id) for _ in range(times)]
        assert said[0] == said[-1]
        self.model.finalise(run_id)

    # --- people, Airflow, housekeeping

    @precondition(lambda self: self.runs)
    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        run = self._run(which)
        done = cancel_job(self.connection, run.run_id, "ann wants it", actor="ann", clear_number=run.clear_number)
        assert done == self.model.cancel(run.run_id, run.clear_number)

    @precondition(lambda self: self.runs)
    @rule(which=WHICH)
    def time_out(self, which: int) -> None:
        run_id = self._run(which).run_id
        assert abandon_job(self.connection, run_id, "it took too long") == self.model.abandon(run_id)

    @precondition(lambda self: self.runs)
    @rule(which=WHICH)
    def die(self, which: int) -> None:
        """A run ends without our hearing of it."""
        self.model.over.add(self._run(which).run_id)

    @rule(quiet=st.booleans(), silent=st.sets(WHICH, max_size=2))
    def keep_house(self, quiet: bool, silent: set[int]) -> None:
        chosen = {self._run(n).run_id for n in silent} if self.runs else set()
        self.connection.execute(
            "UPDATE analysis_jobs SET heartbeat_at = now() - make_interval(secs => -0.001 * seq +"  # the oldest first
            " CASE WHEN job_id = ANY(%s) THEN %s WHEN %s THEN 120 ELSE 0 END)",
            (list(chosen), 2 * HOUR, quiet),
        )
        ended = end_dead_jobs(Database(lambda: self.connection, 0), self._is_over, HOUR)
        expected = self.model.keep_house(lambda job: quiet, lambda job: job.run_id in chosen)
        assert [job.job_id for job in ended] == list(expected)

    # --- the real thing and the model

    def _both(self, real: Callable[[], Any], modelled: Callable[[], Any]) -> tuple[Any, Any] | None:
        """What both say; None when both refuse, for the same reason."""
        try:
            expected = modelled()
        except RefusedError as refused:
            with pytest.raises(refused.kind):
                real()
            self.seen[refused.kind.__name__] += 1
            return None
        return real(), expected

    def _run(self, which: int) -> AskedRun:
        return self.runs[-1 - which % len(self.runs)]

    def _batch(self, which: int) -> Batch:
        return self.batches[-1 - which % len(self.batches)]

    def _tickers(self, batch: Batch) -> list[str]:
        job = self.model.jobs[batch.job_id]
        return [t for t, detail in job.details.items() if detail.batch == batch.number and detail.status != "reused"]

    @invariant()
    def the_database_says_what_the_model_says(self) -> None:
        state = self.connection.execute(STATE).fetchone()
        assert state is not None
        self._check_jobs(state["jobs"], state["details"])
        self._check_results(state["results"], state["raw_data"], state["jobs"])
        self._check_records(state)
        self._check_rules(state["jobs"], state["details"], state["outbox"])

    def _check_jobs(self, jobs: Rows, details: Rows) -> None:
        def said(job: Job) -> tuple[object, ...]:
            return job.run_id, job.status, job.attempt, job.key, job.demand.force, len(job.details)

        expected = [said(job) for job in sorted(self.model.jobs.values(), key=lambda job: job.order)]
        columns = ("job_id", "status", "attempt", "claim_key", "force", "total")
        assert [tuple(row[c] for c in columns) for row in jobs] == expected
        assert {(r["job_id"], r["ticker"]): (r["status"], r["error_code"], r["score"]) for r in details} == {
            (job.run_id, ticker): (detail.status, detail.code, detail.score)
            for job in self.model.jobs.values()
            for ticker, detail in job.details.items()
        }

    def _check_results(self, results: Rows, raw_data: list[int], jobs: Rows) -> None:
        assert {row["ticker"]: (row["job_id"], row["score"]) for row in results} == {
            ticker: (job_id, score) for ticker, (job_id, _, score) in self.model.results.items()
        }
        assert sorted(row["id"] for row in results) == sorted(raw_data)
        assert {row["job_id"] for row in results} <= {row["job_id"] for row in jobs}
        for row in results:
            assert row["job_seq"] >= self.seqs.get(row["ticker"], 0), "a result went back to an older job"
            self.seqs[row["ticker"]] = row["job_seq"]

    def _check_records(self, state: dict[str, Any]) -> None:
        model = self.model
        assert sorted((r["run_id"], r["job_id"] or "", r["disposition"]) for r in state["requests"]) == sorted(
            (run_id, job_id or "", disposition) for run_id, (job_id, disposition) in model.requests.items()
        )
        assert model.request_ids == {
            (r["requested_by"], r["request_id"]): (r["claim_key"], r["job_id"], r["disposition"])
            for r in state["request_ids"]
        }
        assert [(r["action"], r["job_id"]) for r in state["actions"]] == model.actions
        assert [(r["job_id"], r["attempt"], r["payload"]["status"], told(r["payload"])) for r in state["outbox"]] == [
            (job_id, attempt, status, as_told(counts)) for (job_id, attempt), (status, counts) in model.outbox.items()
        ]
        assert {
            (r["owner"], r["ticker"]): (r["last_job_id"], r["last_status"], r["last_score"]) for r in state["watchlist"]
        } == {whose: (entry.job_id, entry.status, entry.score) for whose, entry in model.watchlist.items()}

    def _check_rules(self, jobs: Rows, details: Rows, outbox: Rows) -> None:
        """What the contract says of every state, however it came about."""
        active = Counter(r["claim_key"] for r in jobs if r["status"] in ACTIVE and not r["force"])
        assert all(count == 1 for count in active.values())
        for row in details:
            is_open, is_done = row["status"] in ACTIVE, row["status"] in ("completed", "reused")
            assert is_open == (row["completed_at"] is None)
            assert is_open or row["started_at"] <= row["completed_at"]
            assert row["status"] != "failed" or (row["error_code"] and row["error_message"])
            assert not is_done or row["linked"] == row["ticker"]
        ends = Counter((row["job_id"], row["attempt"]) for row in outbox)
        for job in jobs:
            attempt = (job["job_id"], job["attempt"])
            assert ends[attempt] == (job["status"] not in ACTIVE)
            before = self.ended.get(attempt)
            assert before in (None, job["status"]), "an ended job changed without being run again"
            if before is None and job["status"] not in ACTIVE:
                self.ended[attempt] = job["status"]
                self.seen[job["status"]] += 1
        for job in self.model.jobs.values():
            reached = progress(self.connection, job.run_id)
            assert reached is not None
            assert as_told(job.counts) == (reached.completed, reached.reused, reached.failed, reached.cancelled)


def told(payload: dict[str, Any]) -> tuple[int, ...]:
    return payload["completed"], payload["reused"], payload["failed"], payload["cancelled"]


def as_told(counts: Counter[str]) -> tuple[int, ...]:
    return counts["completed"] + counts["reused"], counts["reused"], counts["failed"], counts["cancelled"]


def run_lifecycles(app_url: str, owner_url: str, examples: int, steps: int) -> Counter[str]:
    """So many lives of so many steps; returns what came of them.

    Hypothesis makes one that fails as short as it can, and says its steps.
    """
    seen: Counter[str] = Counter()
    with connect(app_url) as connection, psycopg.connect(owner_url, autocommit=True) as owner:

        @hypothesis.seed(seed_of("lifecycles"))
        def life() -> Lifecycle:
            return Lifecycle(connection, lambda: owner.execute(f"TRUNCATE {TABLES} RESTART IDENTITY"), seen)

        chosen = hypothesis.settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(life, settings=chosen)
    return seen
