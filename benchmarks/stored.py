"""The product's own calls on a database that is filled, each as somebody or something of the product makes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np

from benchmarks.jobs import body_of, demand_of
from benchmarks.large import Large
from benchmarks.past import FIRST_DAY, name_of
from include.jobs.claims import claim_key
from include.model.analysis import Verdict
from include.model.bars import DataSource
from include.model.duplicates import DuplicateSearch
from include.model.housekeeping import Removable
from include.model.prices import PriceHistory
from include.model.viewer import Viewer
from include.settings import settings
from include.storage.address import Address
from include.storage.connection import Connection
from include.storage.doctor import examine
from include.storage.duplicates import equal_pairs
from include.storage.housekeeping import load, remove_portion, runs_without_job
from include.storage.operating import days_of_work
from include.storage.prices import Answer, Span, lease, read_series, store_answer
from include.storage.reading import JobFilter, newest_jobs, summary
from include.storage.requests import find_claim
from include.storage.results import fresh_results
from include.storage.screening import Screen, Series, count_verdicts, history, latest, screen, screen_all
from include.storage.track_record import followed_series, tickers_to_follow

ADMIN = Viewer(name="admin", sees_all=True)
LISTED = 50
READ_BARS = 500
OFTEN, RARELY = 100, 3
STRIDE = 37  # from turn to turn to another ticker, far from the last one
DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is done in each of so many turns, with the goal of its median in milliseconds."""

    work: Callable[[Connection, Large, int], object]
    turns: int = OFTEN
    goal: float | None = None


def calls(job_id: str) -> Mapping[str, Call]:
    """By name; `job_id` is a job of all tickers that is being processed."""
    return {
        "latest result": Call(work=_latest, goal=5),
        "history of a ticker": Call(work=_history, goal=10),
        "screener": Call(work=_screen, goal=50),
        "screener with filter and sort": Call(work=_screen_filtered, goal=50),
        "counts of the screener": Call(work=lambda c, _l, _t: count_verdicts(c, ADMIN, Screen()), goal=50),
        "screener of a session": Call(work=_screen_session, turns=20, goal=100),
        "screener of the newest session": Call(work=_screen_newest, turns=20, goal=100),
        "export of a session": Call(work=_export, turns=RARELY),
        "progress of a job of all tickers": Call(work=lambda c, _l, _t: summary(c, ADMIN, job_id), goal=20),
        "job list": Call(work=lambda c, _l, _t: newest_jobs(c, ADMIN, JobFilter(), None, LISTED), goal=20),
        "equal work looked for": Call(work=_claim, goal=5),
        "100 tickers known already": Call(work=_fresh, goal=20),
        f"{READ_BARS} bars of 25 tickers": Call(work=partial(_read, tickers=25), turns=40, goal=100),
        f"{READ_BARS} bars of 100 tickers": Call(work=partial(_read, tickers=100), turns=20, goal=400),
        "a new bar stored": Call(work=_store_bar, goal=10),
        "work of 14 days": Call(work=lambda c, _l, _t: days_of_work(c, ADMIN, 14), turns=20, goal=100),
        "tickers to follow": Call(work=_to_follow, turns=20),
        "records that are stale": Call(work=lambda c, _l, _t: followed_series(c), turns=RARELY),
        "housekeeping, what is under way": Call(work=lambda c, _l, _t: load(c), turns=20, goal=20),
        "housekeeping, runs without job": Call(work=_without_job, turns=20, goal=100),
        "housekeeping, no old jobs": Call(work=partial(_remove, what=Removable.JOBS), turns=RARELY),
        "housekeeping, no old raw data": Call(
            work=partial(_remove, what=Removable.RAW_DATA, days=10_000), turns=RARELY
        ),
        "housekeeping, 5,000 raw data": Call(work=partial(_remove, what=Removable.RAW_DATA), turns=RARELY),
        "duplicates of a week": Call(work=_duplicates, turns=RARELY),
        "duplicates, all": Call(work=lambda c, _l, _t: equal_pairs(c, DuplicateSearch(), 50), turns=RARELY),
        "doctor": Call(work=_doctor, turns=1),
    }


def _series(large: Large, turn: int) -> Series:
    return Series(ticker=name_of(turn * STRIDE % large.size.tickers))


def _latest(connection: Connection, large: Large, turn: int) -> None:
    assert latest(connection, _series(large, turn))


def _history(connection: Connection, large: Large, turn: int) -> None:
    assert len(history(connection, _series(large, turn), None, LISTED)) >= min(LISTED, large.size.sessions)


def _screen(connection: Connection, large: Large, _turn: int) -> None:
    assert len(screen(connection, ADMIN, Screen(), None, LISTED)) == LISTED


def _screen_filtered(connection: Connection, large: Large, turn: int) -> None:
    wanted = Screen(verdicts=[Verdict.BUY], min_score=60 + turn % 9, sort="-score")
    screen(connection, ADMIN, wanted, None, LISTED)


def _screen_session(connection: Connection, large: Large, turn: int) -> None:
    day = FIRST_DAY + timedelta(days=turn * STRIDE % large.size.sessions)
    assert len(screen(connection, ADMIN, Screen(session=day), None, LISTED)) == LISTED


def _screen_newest(connection: Connection, large: Large, _turn: int) -> None:
    assert len(screen(connection, ADMIN, Screen(session=large.next_day), None, LISTED)) == LISTED


def _export(connection: Connection, large: Large, _turn: int) -> None:
    with connection.transaction():
        rows = sum(1 for _ in screen_all(connection, ADMIN, Screen(session=large.size.last_day)))
    assert rows == large.size.tickers


def _claim(connection: Connection, large: Large, turn: int) -> None:
    find_claim(connection, claim_key(demand_of(body_of([name_of(turn)])).request))


def _fresh(connection: Connection, large: Large, turn: int) -> None:
    names = [name_of((turn * STRIDE + n) % large.size.tickers) for n in range(100)]
    request = demand_of(body_of(names)).request
    found = fresh_results(connection, request, dict.fromkeys(names, large.size.last_day))
    assert len(found) == len(names)


def _read(connection: Connection, large: Large, turn: int, tickers: int) -> None:
    names = [name_of((turn * tickers + n) % large.size.tickers) for n in range(tickers)]
    since = large.size.last_day - timedelta(days=min(READ_BARS, large.size.bars) - 1)
    found = read_series(connection, DataSource.YAHOO, dict.fromkeys(names, Span(since=since)))
    assert len(found) == tickers


def _store_bar(connection: Connection, large: Large, turn: int) -> None:
    name, day, one = name_of(turn * STRIDE % large.size.tickers), large.next_day, np.ones(1)
    bars = PriceHistory(
        ticker=name,
        source=DataSource.YAHOO,
        currency="USD",
        timezone="America/New_York",
        sessions=np.array([day], "M8[D]"),
        open=one,
        high=one,
        low=one,
        close=one,
        volume=one,
        adjustment=one,
    )
    assert lease(connection, DataSource.YAHOO, [name], "bench", None)
    answer = Answer(ticker=name, asked_for=day, missed=False, bars=bars)
    store_answer(connection, DataSource.YAHOO, answer, "bench", dead_after=5)


def _to_follow(connection: Connection, large: Large, _turn: int) -> None:
    assert tickers_to_follow(connection, large.next_day, ("", ""), LISTED)


def _without_job(connection: Connection, _large: Large, _turn: int) -> None:
    runs_without_job(connection, 180.0, DAY_SECONDS, 20)


def _remove(connection: Connection, large: Large, _turn: int, what: Removable, days: int = 1) -> None:
    with connection.transaction(force_rollback=True):
        remove_portion(connection, what, days)


def _duplicates(connection: Connection, large: Large, _turn: int) -> None:
    (row,) = connection.execute("SELECT (now() - interval '7 days')::date AS day").fetchall()
    equal_pairs(connection, DuplicateSearch(since=row["day"]), 50)


def _doctor(connection: Connection, large: Large, _turn: int) -> None:
    findings = list(examine(Address(large.url, is_of_tasks=True), settings().app_role, 60.0))
    wrong: list[Any] = [f for f in findings if f.troubles and "no active job has been silent" not in f.check]
    for finding in wrong:
        print(finding)
