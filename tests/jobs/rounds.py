"""The rounds of a storm: who asks for what, and what must be true of the answers and the rows."""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence

from include.model.errors import BellwetherError
from include.model.job import JobStatus
from include.storage.connection import Connection
from include.storage.jobs import finalize_job
from tests.jobs.storm import Answer, Ask, Storm, answer_of, respelled, work_off

CORE = ("IBM", "JPM", "XOM")  # in every set of the rounds whose sets overlap


def equal(rng: random.Random, name: str, threads: int) -> list[Ask]:
    """Everybody sends the very same."""
    tickers = _some(rng, name)
    return [_ask(name, n, tickers) for n in range(threads)]


def permuted(rng: random.Random, name: str, threads: int) -> list[Ask]:
    """Everybody wants the same, each in another spelling."""
    tickers = _some(rng, name)
    return [_ask(name, n, respelled(rng, tickers)) for n in range(threads)]


def overlapping(rng: random.Random, name: str, threads: int) -> list[Ask]:
    """Sets of equal length that share most of their tickers, each wanted by some threads of two users."""
    sets = [[*CORE, *(f"{name}{n + k}" for k in range(4))] for n in range(rng.randint(2, 6))]
    return [_ask(name, n, respelled(rng, rng.choice(sets)), user=rng.choice(["ann", "bob"])) for n in range(threads)]


def different(rng: random.Random, name: str, threads: int) -> list[Ask]:
    """Nobody wants what another one wants, though all sets are of equal length."""
    return [_ask(name, n, respelled(rng, [*CORE, f"{name}{n}", f"{name}{n + 1}"])) for n in range(threads)]


def forced(rng: random.Random, name: str, threads: int) -> list[Ask]:
    """Everybody wants the same, and half of them by force."""
    tickers = _some(rng, name)
    return [_ask(name, n, respelled(rng, tickers), force=n % 2 == 0) for n in range(threads)]


Kind = Callable[[random.Random, str, int], list[Ask]]
CLAIMS: tuple[Kind, ...] = (equal, permuted, overlapping, different, forced)


def claim(storm: Storm, rng: random.Random, kind: Kind, name: str) -> None:
    """One round of claims: of each set exactly one wins, and the others are told by whom."""
    answers = storm.blow(kind.__name__, kind(rng, name, len(storm.connections)))
    winners = [answer for answer in answers if not answer.joined]
    by_key: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        if not answer.ask.raw["force"]:
            by_key[answer.ask.key].append(answer)
    for equals in by_key.values():
        (winner,) = (answer.job_id for answer in equals if not answer.joined)
        assert {answer.job_id for answer in equals} == {winner}, name
    assert all(not answer.joined for answer in answers if answer.ask.raw["force"]), name
    check_rows(storm.connections[0], answers)
    storm.together(lambda n, own: work_off(own, winners[n].job_id), len(winners))
    check_ended(storm.connections[0], winners, {JobStatus.COMPLETED})


def ending(storm: Storm, rng: random.Random, name: str) -> None:
    """The equal active job ends in the moment in which everybody asks: one takes over, or all were in time to join."""
    asks = permuted(rng, name, len(storm.connections))
    holder = answer_of(storm.connections[0], asks[0])

    def end_or_ask(number: int, own: Connection) -> Answer:
        if number:
            return answer_of(own, asks[number])
        finalize_job(own, holder.job_id)
        return holder

    answers = storm.together(end_or_ask)
    storm.tell("ending", answers)
    winners = [answer.job_id for answer in answers[1:] if not answer.joined]
    assert len(winners) <= 1, name
    assert {answer.job_id for answer in answers} <= {holder.job_id, *winners}, name
    check_rows(storm.connections[0], answers)
    for job_id in winners:
        finalize_job(storm.connections[0], job_id)


def superseding(storm: Storm, rng: random.Random, name: str) -> None:
    """Everybody wants to take over: each one's job is cancelled by the next one, and the last one stays."""
    asks = permuted(rng, name, len(storm.connections))
    for ask in asks:
        ask.raw["on_duplicate"] = "supersede"
    answers = storm.blow("superseding", asks)
    assert not [answer for answer in answers if answer.joined], name
    found = storm.connections[0].execute(
        "SELECT job_id, status, status_reason FROM analysis_jobs WHERE job_id LIKE %s", (f"{name}-%",)
    )
    by = {row["job_id"]: row["status_reason"] for row in found if row["status"] == "cancelled"}
    last = {answer.job_id for answer in answers} - set(by)
    assert len(last) == 1, name
    assert sorted(by.values()) == sorted(f"superseded by {a.job_id}" for a in answers if a.job_id != _first(by, last))
    check_rows(storm.connections[0], answers)
    finalize_job(storm.connections[0], *last)


def _first(by: dict[str, str | None], last: set[str]) -> str:
    """The one that superseded nobody."""
    (first,) = (job_id for job_id in {*by, *last} if f"superseded by {job_id}" not in by.values())
    return first


def repeating(storm: Storm, rng: random.Random, name: str) -> None:
    """A client that got no answer sends its request again and again, under the same request id, by force."""
    asks = permuted(rng, name, len(storm.connections))
    for ask in asks:
        ask.raw.update(request_id=name, force=True)
    answers = storm.blow("repeating", asks)
    assert len({answer.job_id for answer in answers}) == 1, name
    assert sum(not answer.joined for answer in answers) == 1, name
    check_rows(storm.connections[0], answers)
    finalize_job(storm.connections[0], answers[0].job_id)


def mixing_up(storm: Storm, rng: random.Random, name: str) -> None:
    """A client uses one request id for two requests at the same moment: one of the two is refused to all."""
    asks = permuted(rng, name, len(storm.connections))
    for number, ask in enumerate(asks):
        ask.raw.update(request_id=name, capital=1000 + number % 2)

    def ask_or_be_refused(number: int, own: Connection) -> Answer | None:
        try:
            return answer_of(own, asks[number])
        except BellwetherError:
            return None

    answers = [answer for answer in storm.together(ask_or_be_refused) if answer]
    storm.tell("mixing_up", answers)
    assert len({answer.job_id for answer in answers}) == 1, name
    finalize_job(storm.connections[0], answers[0].job_id)


MEETINGS = (ending, superseding, repeating, mixing_up)


def check_rows(connection: Connection, answers: Sequence[Answer]) -> None:
    """Winners have a job with exactly their tickers, losers none; every request is recorded once, with its job."""
    winners = {answer.ask.run_id: answer for answer in answers if not answer.joined}
    run_ids = [answer.ask.run_id for answer in answers]
    jobs = connection.execute(
        "SELECT job.job_id, job.claim_key, job.total, array_agg(detail.ticker ORDER BY detail.ticker) AS tickers"
        " FROM analysis_jobs AS job LEFT JOIN analysis_jobs_details AS detail USING (job_id)"
        " WHERE job.job_id = ANY(%s) GROUP BY job.job_id",
        (run_ids,),
    ).fetchall()
    assert {row["job_id"] for row in jobs} == set(winners)
    for row in jobs:
        ask = winners[row["job_id"]].ask
        wanted = list(ask.demand.request.tickers)
        assert (row["claim_key"], row["total"], row["tickers"]) == (ask.key, len(wanted), wanted)
    recorded = connection.execute(
        "SELECT run_id, job_id, disposition FROM analysis_requests WHERE run_id = ANY(%s)", (run_ids,)
    ).fetchall()
    assert sorted(tuple(row.values()) for row in recorded) == sorted(
        (answer.ask.run_id, answer.job_id, "joined" if answer.joined else "created") for answer in answers
    )


def check_ended(connection: Connection, winners: Sequence[Answer], statuses: set[JobStatus]) -> None:
    """Every job of the round has ended, is told of once, and every ticker of it has a result."""
    ids = [answer.job_id for answer in winners]
    jobs = connection.execute("SELECT status FROM analysis_jobs WHERE job_id = ANY(%s)", (ids,)).fetchall()
    assert {row["status"] for row in jobs} == statuses
    told = connection.execute("SELECT job_id FROM outbox WHERE job_id = ANY(%s)", (ids,)).fetchall()
    assert sorted(row["job_id"] for row in told) == sorted(ids)
    details = connection.execute(
        "SELECT count(*) AS n FROM analysis_jobs_details WHERE job_id = ANY(%s) AND result_id IS NULL", (ids,)
    ).fetchone()
    assert details == {"n": 0}


def _some(rng: random.Random, name: str) -> list[str]:
    return [f"{name}{n}" for n in range(rng.randint(1, 12))]


def _ask(name: str, number: int, tickers: list[str], user: str = "ann", force: bool = False) -> Ask:
    raw = {"tickers": tickers, "data_source": "sample", "force": force}
    return Ask(run_id=f"{name}-{number}", user=user, raw=raw)
