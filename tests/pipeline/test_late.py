"""Bars that are late are waited for until the deadline, and no longer; what is no late bar is not."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from include.analysis import load_strategies
from include.market.sources import open_source
from include.model.bars import Bars, DataSource
from include.model.errors import ErrorCode, Refusal
from include.model.job import Batch, JobStatus
from include.model.prices import Delay, PricesLaterError
from include.pipeline.batch import run_batch
from include.pipeline.late import late_bar
from include.storage.connection import Connection, connect
from include.storage.database import Database
from include.storage.jobs import finalize_job
from include.storage.results import verdicts
from tests.storage.demands import SESSION, demand, opened

DAY = timedelta(days=1)


def soon(seconds: float = 3600) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def bars_until(day: date) -> Bars:
    found = open_source(DataSource.SAMPLE).fetch({"IBM": SESSION}, 100)["IBM"]
    assert isinstance(found, Bars)
    return found.until(day)


class Sample:
    """The sample's prices; those of IBM lack the newest bar until it has come."""

    has_come = False

    def fetch(self, wanted: Mapping[str, date | None], bars: int) -> Mapping[str, Bars | Refusal | Delay]:
        found: dict[str, Bars | Refusal | Delay] = {**open_source(DataSource.SAMPLE).fetch(wanted, bars)}
        ibm = found.get("IBM")
        if isinstance(ibm, Bars) and not self.has_come:
            found["IBM"] = ibm.until(SESSION - DAY)
        return found


@pytest.fixture
def stocks(app_url: str) -> Iterator[Database]:
    with Database(lambda: connect(app_url), 5) as opened_one:
        yield opened_one


@pytest.fixture
def batch(connection: Connection) -> Batch:
    version = load_strategies()["balanced"].version
    claim = opened(connection, "job", demand("IBM", "JPM", strategy_version=version))
    return Batch(job_id="job", attempt=claim.attempt, number=0, label="both")


@pytest.fixture
def try_it(stocks: Database, batch: Batch) -> Callable[[Sample, datetime | None], object]:
    return lambda prices, until: run_batch(stocks, batch, lambda name: prices, wait_until=until)


def statuses(connection: Connection) -> dict[str, tuple[str, str | None]]:
    return {row.ticker: (row.status, row.error_code) for row in verdicts(connection, "job")}


def test_a_late_bar_is_waited_for_while_the_others_are_stored(
    try_it: Callable[..., object], connection: Connection
) -> None:
    prices = Sample()
    with pytest.raises(PricesLaterError, match=f"IBM: no bar of {SESSION} yet, the newest is of 2010-08-19") as caught:
        try_it(prices, soon())
    assert 0 < caught.value.seconds <= 600
    assert statuses(connection) == {"JPM": ("completed", None), "IBM": ("processing", "stale_prices")}
    prices.has_come = True
    try_it(prices, soon())
    assert statuses(connection) == {"JPM": ("completed", None), "IBM": ("completed", None)}


@pytest.mark.parametrize("until", [None, datetime(2026, 1, 1, tzinfo=UTC)])
def test_without_a_deadline_ahead_a_ticker_without_the_bar_fails_with_the_reason(
    try_it: Callable[..., object], connection: Connection, until: datetime | None
) -> None:
    try_it(Sample(), until)
    ended = finalize_job(connection, "job")
    assert ended is not None
    assert ended.status is JobStatus.COMPLETED_WITH_ERRORS
    assert statuses(connection)["IBM"] == ("failed", "stale_prices")


def test_what_was_waited_for_in_vain_when_the_run_is_ended_has_the_same_reason(
    try_it: Callable[..., object], connection: Connection
) -> None:
    with pytest.raises(PricesLaterError):
        try_it(Sample(), soon())
    finalize_job(connection, "job")
    assert statuses(connection)["IBM"] == ("failed", "stale_prices")


def test_the_task_comes_back_at_the_deadline_for_the_last_time() -> None:
    found = late_bar(bars_until(SESSION - DAY), SESSION, soon(30))
    assert isinstance(found, Delay)
    assert found.seconds is not None
    assert 1 <= found.seconds <= 30


def test_what_had_not_come_by_the_deadline_is_told_so() -> None:
    found = late_bar(bars_until(SESSION - DAY), SESSION, soon(-1))
    assert isinstance(found, Refusal)
    assert (found.ticker, found.code) == ("IBM", ErrorCode.STALE_PRICES)
    assert found.message.startswith(f"no bar of {SESSION} had come by ")


@pytest.mark.parametrize(
    "newest",
    [
        SESSION,  # there
        date(2010, 8, 9),  # suspended for two weeks
    ],
)
def test_what_is_not_late_is_not_waited_for(newest: date) -> None:
    bars = bars_until(newest)
    assert late_bar(bars, SESSION, soon()) is bars


def test_a_newer_bar_than_that_of_the_session_shows_that_it_will_not_come() -> None:
    bars = bars_until(SESSION)
    assert late_bar(bars, SESSION - 6 * DAY, soon()) is bars


def test_a_refusal_of_the_source_is_its_word() -> None:
    refusal = Refusal("IBM", ErrorCode.UNKNOWN_TICKER, "unknown")
    assert late_bar(refusal, SESSION, soon()) is refusal
