"""The real thing and the model of it, led through the same steps: after each one they must say the same."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
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
)
from include.storage.requests import Disposition, answer_request_id
from include.storage.results import store_outcomes
from include.storage.watchlist import add_to_watchlist
from tests.dice import seed_of
from tests.jobs.comparison import Comparison
from tests.jobs.model import Entry, Model, RefusedError
from tests.storage.demands import DAG_ID, asking, demand, nobody_waits, outcome

USERS = ("ann", "bob")
TICKERS = ("AAA", "BBB", "CCC", "DDD", "EEE")
WATCHED = TICKERS[:4]
HOUR = 3600
CLOSE = time(20, tzinfo=UTC)
TABLES = (
    "analysis_jobs, analysis_jobs_details, analysis_results, analysis_raw_data, analysis_requests, request_ids,"
    " outbox, analysis_actions, watchlist"
)
TICKER_SETS = st.sets(st.sampled_from(TICKERS), min_size=1, max_size=4)
WHICH = st.integers(0, 30)  # of those that there are, counted from the newest


@dataclass
class AskedRun:
    """A run as Airflow keeps it: what it was asked for, how often it was cleared, tries of its first task."""

    run_id: str
    demand: Demand
    clear_number: int = 0
    try_number: int = 1


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
        self.comparison = Comparison(connection, self.model, seen)

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
            answer_request_id(self.connection, user, request_id, key, run.run_id, Disposition.CREATED)
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
        run.try_number += 1
        self.model.over.discard(run.run_id)
        self._open(run)

    @precondition(lambda self: self.runs)
    @rule(which=WHICH, before_clear=st.booleans())
    def wake_late(self, which: int, before_clear: bool) -> None:
        """A try of the first task that was thought to be dead comes to its claim after a later one."""
        run = self._run(which)
        self._open(replace(run, clear_number=max(0, run.clear_number - before_clear), try_number=run.try_number - 1))

    def _open(self, run: AskedRun) -> None:
        place = run.clear_number, run.try_number
        opened = self._both(lambda: self._really_open(run), lambda: self.model.open(run.run_id, place, run.demand))
        if opened is not None:
            real, answered_by = opened
            assert real.claim.run.job_id == answered_by
            assert real.claim.joined == (answered_by != run.run_id)
            self.seen["joined" if real.claim.joined else "reopened" if real.claim.attempt > 1 else "created"] += 1
            self.seen["reused"] += bool(real.reused)
            self.batches.extend(real.batches)

    def _really_open(self, run: AskedRun) -> OpenedJob:
        asked = asking(run.run_id, run.demand.requested_by, clear_number=run.clear_number, try_number=run.try_number)
        last = self.model.session
        sessions = dict.fromkeys(run.demand.request.tickers, last)
        until = datetime.combine(last + timedelta(days=1), CLOSE)
        try:
            return open_job(self.connection, asked, run.demand, sessions, self._is_over, until)
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

    @precondition(lambda self: self.batches)
    @rule(which=WHICH, failing=st.sampled_from([0, 0, 1, 2]))
    def work_to_the_end(self, which: int, failing: int) -> None:
        """All tasks of a run, with so many `failing` tickers in each: a batch has no more than two."""
        job_id = self._batch(which).job_id
        for number, batch in enumerate(self.batches):
            if batch.job_id == job_id:
                self.begin(len(self.batches) - 1 - number)
                self._store(batch, {ticker: n < failing for n, ticker in enumerate(self._tickers(batch))})
        assert finalize_job(self.connection, job_id) is not None
        self.model.finalise(job_id)

    def _store(self, batch: Batch, fails: dict[str, bool]) -> None:
        self.scores = 600 + (self.scores - 599) % 199
        score, session = self.scores / 10, self.model.jobs[batch.job_id].session
        outcomes = [
            Refusal(t, ErrorCode.NO_DATA, "no bars") if failed else outcome(t, score, session=session)
            for t, failed in fails.items()
        ]
        found: dict[str, float | str] = {t: "no_data" if failed else score for t, failed in fails.items()}
        self._both(
            lambda: store_outcomes(self.connection, batch, outcomes),
            lambda: self.model.store(batch.job_id, batch.attempt, found),
        )

    @precondition(lambda self: self.batches)
    @rule(which=WHICH)
    def sleep_over_a_rerun(self, which: int) -> None:
        """A task begins, its run is done again and at work, and only then the task goes on."""
        stale = self._batch(which)
        tickers = self._tickers(stale)
        self.begin(which)
        self._open(next(run for run in self.runs if run.run_id == stale.job_id))
        self.begin(0)
        note_batch_error(self.connection, stale, "source_unavailable", "Yahoo is away")
        self.model.note(stale.job_id, stale.attempt, stale.number, "source_unavailable")
        self._store(stale, {ticker: False for ticker in tickers if ticker in self.model.jobs[stale.job_id].details})
        self._both(
            lambda: begin_batch(self.connection, stale),
            lambda: self.model.begin(stale.job_id, stale.attempt, stale.number),
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

    # --- people, Airflow, housekeeping, the market

    @rule()
    def close_the_market(self) -> None:
        """The next session is the last one from now on."""
        self.model.session += timedelta(days=1)

    @precondition(lambda self: self.runs)
    @rule(which=WHICH, cleared=st.booleans())
    def ask_on_both_sides_of_a_close(self, which: int, cleared: bool) -> None:
        """The same is asked for before and after it, and the first of the runs is begun again."""
        self.ask_the_same(which)
        self.close_the_market()
        self.ask_the_same(0)
        self.begin_again(1, cleared)

    @precondition(lambda self: self.runs)
    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        run = self._run(which)
        done = cancel_job(self.connection, run.run_id, "ann wants it", actor="ann", clear_number=run.clear_number)
        assert done == self.model.cancel(run.run_id, run.clear_number)

    @precondition(lambda self: self.runs)
    @rule(which=WHICH)
    def cancel_before_it_begins(self, which: int) -> None:
        self.runs.append(AskedRun(f"run-{len(self.runs)}", self._run(which).demand))
        self.cancel(0)
        self._open(self.runs[-1])

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
        ended = end_dead_jobs(Database(lambda: self.connection, 0), self._is_over, nobody_waits, HOUR)
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
        self.comparison.compare()


def run_lifecycles(app_url: str, owner_url: str, examples: int, steps: int) -> Counter[str]:
    """So many lives of so many steps; returns what came of them.

    Hypothesis makes one that fails as short as it can, and says its steps.
    """
    seen: Counter[str] = Counter()
    with connect(app_url) as connection, psycopg.connect(owner_url, autocommit=True) as owner:

        @hypothesis.seed(seed_of("lifecycles"))
        def life() -> Lifecycle:
            return Lifecycle(connection, lambda: owner.execute(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE"), seen)

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
