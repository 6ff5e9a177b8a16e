"""A batch whose prices do not all come at once: what is there is stored, and the rest is not lost."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

import pytest

from include.analysis import load_strategies
from include.market.sources import open_source
from include.model.bars import Bars, DataSource
from include.model.errors import ErrorCode, RateLimitedError, Refusal, SourceUnavailableError, StaleAttemptError
from include.model.job import Batch, JobStatus
from include.model.prices import Delay, PricesLaterError
from include.pipeline.batch import run_batch
from include.storage.connection import Connection, connect
from include.storage.database import Database
from include.storage.jobs import cancel_job, finalize_job, keep_alive
from include.storage.results import verdicts
from tests.storage.demands import demand, opened

AWAY = Delay("IBM", ErrorCode.SOURCE_UNAVAILABLE, "Yahoo gave no usable answer for IBM")
LIMITED = Delay("IBM", ErrorCode.RATE_LIMITED, "Yahoo refused IBM, it got too many requests")
WAITS = Delay("IBM", ErrorCode.RATE_LIMITED, "waits for its turn", 42.0)
Found = Bars | Refusal | Delay


class Instead:
    """The sample's prices, but for some tickers."""

    def __init__(self, *others: Delay) -> None:
        self._others = {other.ticker: other for other in others}
        self.asked: list[list[str]] = []

    def fetch(self, wanted: Mapping[str, date | None], bars: int) -> Mapping[str, Found]:
        self.asked.append(sorted(wanted))
        sample: Mapping[str, Found] = open_source(DataSource.SAMPLE).fetch(wanted, bars)
        return {**sample, **{ticker: other for ticker, other in self._others.items() if ticker in wanted}}


@pytest.fixture
def stocks(app_url: str) -> Iterator[Database]:
    with Database(lambda: connect(app_url), 5) as opened_one:
        yield opened_one


@pytest.fixture
def batch(connection: Connection) -> Batch:
    """Of a job of IBM, JPM and XOM."""
    version = load_strategies()["balanced"].version
    claim = opened(connection, "job", demand("IBM", "JPM", "XOM", strategy_version=version))
    return Batch(job_id="job", attempt=claim.attempt, number=0, label="all")


def statuses(connection: Connection) -> dict[str, tuple[str, str | None]]:
    return {row.ticker: (row.status, row.error_code) for row in verdicts(connection, "job")}


def using(prices: Instead) -> Callable[[DataSource], Instead]:
    return lambda name: prices


@pytest.mark.parametrize(("delay", "error"), [(AWAY, SourceUnavailableError), (LIMITED, RateLimitedError)])
def test_one_ticker_without_an_answer_is_tried_again_and_the_others_are_done(
    stocks: Database, connection: Connection, batch: Batch, delay: Delay, error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"1 of 3 tickers have no prices yet, IBM: Yahoo"):
        run_batch(stocks, batch, using(Instead(delay)))
    assert statuses(connection) == {
        "JPM": ("completed", None),
        "XOM": ("completed", None),
        "IBM": ("processing", delay.code),
    }
    recovered = Instead()
    assert run_batch(stocks, batch, using(recovered)) == {"completed": 1, "failed": 0}
    assert recovered.asked == [["IBM"]]
    assert finalize_job(connection, "job").status is JobStatus.COMPLETED  # type: ignore[union-attr]


def test_in_the_last_try_a_ticker_without_an_answer_fails_with_its_own_words(
    stocks: Database, connection: Connection, batch: Batch
) -> None:
    assert run_batch(stocks, batch, using(Instead(AWAY)), last_try=True) == {"completed": 2, "failed": 1}
    (failed,) = [row for row in verdicts(connection, "job") if row.ticker == "IBM"]
    assert (failed.status, failed.error_code, failed.error_message) == ("failed", AWAY.code, AWAY.message)


def test_a_ticker_that_waits_for_its_turn_has_not_failed_even_in_the_last_try(
    stocks: Database, connection: Connection, batch: Batch
) -> None:
    with pytest.raises(PricesLaterError) as later:
        run_batch(stocks, batch, using(Instead(WAITS)), last_try=True)
    assert later.value.seconds == 42
    assert statuses(connection)["IBM"] == ("processing", ErrorCode.RATE_LIMITED)
    assert statuses(connection)["JPM"] == ("completed", None)


def test_a_batch_that_waits_for_everything_stores_nothing_and_comes_back(
    stocks: Database, connection: Connection, batch: Batch
) -> None:
    waiting = [Delay(ticker, WAITS.code, WAITS.message, 9.0) for ticker in ("IBM", "JPM", "XOM")]
    with pytest.raises(PricesLaterError, match="3 of 3"):
        run_batch(stocks, batch, using(Instead(*waiting)))
    assert {status for status, _ in statuses(connection).values()} == {"processing"}


def test_a_job_whose_source_was_away_says_so_once(stocks: Database, connection: Connection, batch: Batch) -> None:
    said = "no usable answer since 10:00, nobody waits any more"
    away = [Delay(ticker, ErrorCode.SOURCE_UNAVAILABLE, said) for ticker in ("IBM", "JPM", "XOM")]
    run_batch(stocks, batch, using(Instead(*away)), last_try=True)
    ended = finalize_job(connection, "job")
    assert ended is not None
    assert (ended.status, ended.status_reason) == (JobStatus.FAILED, f"3 source_unavailable ({said})")


def test_a_job_that_waits_is_alive_until_it_is_cancelled(
    connection: Connection, batch: Batch, stocks: Database
) -> None:
    with pytest.raises(PricesLaterError):
        run_batch(stocks, batch, using(Instead(WAITS)))
    connection.execute("UPDATE analysis_jobs SET heartbeat_at = heartbeat_at - interval '1 hour'")
    keep_alive(connection, batch)
    row = connection.execute("SELECT clock_timestamp() - heartbeat_at < interval '1 minute' AS ok FROM analysis_jobs")
    assert row.fetchone() == {"ok": True}
    cancel_job(connection, "job", "nobody wants it", actor="ann")
    with pytest.raises(StaleAttemptError):
        keep_alive(connection, batch)


@pytest.fixture
def in_twos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches are done two tickers at a time."""
    monkeypatch.setattr("include.pipeline.batch.PORTION", 2)


@pytest.mark.usefixtures("in_twos")
def test_a_large_batch_is_done_a_portion_at_a_time(stocks: Database, connection: Connection, batch: Batch) -> None:
    prices = Instead()
    assert run_batch(stocks, batch, using(prices)) == {"completed": 3, "failed": 0}
    assert prices.asked == [["IBM", "JPM"], ["XOM"]]
    assert finalize_job(connection, "job").status is JobStatus.COMPLETED  # type: ignore[union-attr]


@pytest.mark.usefixtures("in_twos")
def test_portions_behind_one_that_waits_are_done_before_the_batch_comes_back(
    stocks: Database, connection: Connection, batch: Batch
) -> None:
    with pytest.raises(PricesLaterError, match="1 of 3 tickers have no prices yet"):
        run_batch(stocks, batch, using(Instead(WAITS)))
    assert {ticker: status for ticker, (status, _) in statuses(connection).items()} == {
        "IBM": "processing",
        "JPM": "completed",
        "XOM": "completed",
    }


@pytest.mark.usefixtures("in_twos")
def test_what_a_portion_has_stored_is_not_done_again_when_the_next_one_breaks(
    stocks: Database, connection: Connection, batch: Batch
) -> None:
    class BreaksAtXom(Instead):
        def fetch(self, wanted: Mapping[str, date | None], bars: int) -> Mapping[str, Found]:
            if "XOM" in wanted:
                raise SourceUnavailableError("gone")
            return super().fetch(wanted, bars)

    with pytest.raises(SourceUnavailableError):
        run_batch(stocks, batch, using(BreaksAtXom()))
    again = Instead()
    assert run_batch(stocks, batch, using(again)) == {"completed": 1, "failed": 0}
    assert again.asked == [["XOM"]]
