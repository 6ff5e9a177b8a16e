"""Many processes, one limit, one fetch a ticker: the real client against the local Yahoo, whose counters judge."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from local.yahoo.faults import Fault
from local.yahoo.market import SampleMarket
from local.yahoo.server import LocalYahoo

SESSION = date(2026, 11, 20)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROCESSES = 8
SECONDS = 3.0  # the window of the server's counters in the quick proof: a twentieth of a minute
LATE = 3.0  # seconds by which a request that may leave is late where the cores are busy
QUICK = {"requests_per_minute": 1200, "fetch_tasks": 8, "pause_seconds": 0.5}


def fetchers(
    yahoo: LocalYahoo, url: str, cache: Path, lists: Sequence[Sequence[str]], **settings: Any
) -> list[dict[str, Any]]:
    """What as many processes at once are answered as there are lists of tickers."""
    environment = os.environ | yahoo.environment
    running = []
    for number, tickers in enumerate(lists):
        question = {
            "url": url,
            "wanted": dict.fromkeys(tickers, SESSION.isoformat()),
            "bars": 250,
            "settings": {**QUICK, **settings, "yahoo_cache_dir": str(cache / str(number))},
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.market.fetch_through_cache"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(question))
        process.stdin.close()
        process.stdin = None
        running.append(process)
    answers = []
    for process in running:
        out, problems = process.communicate(timeout=300)
        assert process.returncode == 0, problems
        answers.append(json.loads(out))
    return answers


def own_and_common(own: int, common: int) -> list[list[str]]:
    """For each process tickers that it alone wants, and some that all want."""
    return [[*(f"P{n}N{m}" for m in range(own)), *(f"ALL{m}" for m in range(common))] for n in range(PROCESSES)]


def test_eight_processes_keep_one_limit_and_fetch_each_ticker_once(app_url: str, tmp_path: Path) -> None:
    lists = own_and_common(own=18, common=6)
    allowed = 12 + int((SECONDS + LATE) * 1200 / 60)  # what may leave after a rest, and the rate
    assert sum(map(len, lists)) > allowed, "without a common limit all of them would be allowed too"
    with LocalYahoo(tmp_path, market=SampleMarket(lists_all=True), window_seconds=SECONDS, limit=allowed) as yahoo:
        yahoo.set_now(NOW)
        answers = fetchers(yahoo, app_url, tmp_path, lists)
        counts = yahoo.counters.now()
    assert all(answer["last"] == SESSION.isoformat() for found in answers for answer in found.values())
    assert counts.by_ticker == dict.fromkeys({ticker for tickers in lists for ticker in tickers}, 1)
    assert counts.charts > allowed
    assert counts.violations == 0
    assert counts.busiest_window <= allowed
    for ticker in lists[0][-6:]:
        assert len({found[ticker]["hash"] for found in answers}) == 1


def test_a_process_that_is_killed_while_it_fetches_leaves_its_tickers_to_others(app_url: str, tmp_path: Path) -> None:
    with LocalYahoo(tmp_path, market=SampleMarket(lists_all=True), faults={"HANGS": Fault.HANG}) as yahoo:
        yahoo.set_now(NOW)
        question = {
            "url": app_url,
            "wanted": {"HANGS": SESSION.isoformat()},
            "bars": 250,
            "settings": {**QUICK, "yahoo_cache_dir": str(tmp_path)},
        }
        victim = subprocess.Popen(
            [sys.executable, "-m", "tests.market.fetch_through_cache"],
            stdin=subprocess.PIPE,
            env=os.environ | yahoo.environment,
            text=True,
        )
        assert victim.stdin is not None
        victim.stdin.write(json.dumps(question))
        victim.stdin.close()
        while not yahoo.counters.now().by_ticker.get("HANGS"):
            assert victim.poll() is None
        victim.kill()
        victim.wait()
        yahoo.faults.clear()
        expire_leases(app_url)
        (found,) = fetchers(yahoo, app_url, tmp_path, [["HANGS"]])
    assert found["HANGS"]["last"] == SESSION.isoformat()


def expire_leases(url: str) -> None:
    """What a minute does."""
    from include.storage.connection import connect

    with connect(url) as connection:
        connection.execute("UPDATE price_series SET leased_until = clock_timestamp() WHERE leased_by IS NOT NULL")
