"""What the database says beside what the model says, and beside what must hold of every state."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from include.storage.connection import Connection
from include.storage.jobs import progress
from tests.jobs.model import ACTIVE, Job, Model

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


Rows = list[dict[str, Any]]


@dataclass
class Comparison:
    """Remembers what must not change any more. `seen` counts how attempts ended."""

    connection: Connection
    model: Model
    seen: Counter[str]
    seqs: dict[tuple[str, str], int] = field(default_factory=dict)
    ended: dict[tuple[str, int], str] = field(default_factory=dict)

    def compare(self) -> None:
        """All rows beside the model, and what the contract says of every state."""
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
        assert {(row["ticker"], row["session_date"]): (row["job_id"], row["score"]) for row in results} == {
            (ticker, str(session)): (job_id, score)
            for (ticker, session), (job_id, _, score) in self.model.results.items()
        }
        assert sorted(row["id"] for row in results) == sorted(raw_data)
        assert {row["job_id"] for row in results} <= {row["job_id"] for row in jobs}
        for row in results:
            place = row["ticker"], row["session_date"]
            assert row["job_seq"] >= self.seqs.get(place, 0), "a result went back to an older job"
            self.seqs[place] = row["job_seq"]

    def _check_records(self, state: dict[str, Any]) -> None:
        model = self.model
        assert sorted((r["run_id"], r["job_id"] or "", r["disposition"]) for r in state["requests"]) == sorted(
            (run_id, job_id or "", what) for run_id, said in model.requests.items() for job_id, what in said
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
        at_work = [r for r in jobs if r["status"] in ACTIVE and not r["force"]]
        active = Counter((r["claim_key"], r["current_until"]) for r in at_work)
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
