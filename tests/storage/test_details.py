"""The tickers of a job: by name, the slowest first, and why some failed."""

from datetime import UTC, datetime, timedelta

from include.model.advice import UNKNOWN, WHAT_TO_DO, what_to_do
from include.model.errors import ErrorCode, Refusal
from include.model.job import DetailStatus
from include.model.viewer import Viewer
from include.storage.connection import Connection
from include.storage.details import DetailFilter, details_by_seconds, details_by_ticker, errors_of_job
from include.storage.results import store_outcomes
from tests.storage.demands import begun, demand, outcome

ANN, BOB = (Viewer(name=name, sees_all=False) for name in ("ann", "bob"))
ALL = DetailFilter()
RUN = "run-1"


def refusal(ticker: str, code: ErrorCode = ErrorCode.NO_DATA) -> Refusal:
    return Refusal(ticker, code, f"{ticker}: {code}")


def test_tickers_are_paged_by_name_and_filtered_by_status_and_error(connection: Connection) -> None:
    batch = begun(connection, RUN, demand("IBM", "JPM", "KO", "T"))
    bad = refusal("KO", ErrorCode.BAD_PRICES)
    store_outcomes(connection, batch, [outcome("IBM"), refusal("JPM"), bad, outcome("T")])
    first = details_by_ticker(connection, ANN, RUN, ALL, None, 2)
    rest = details_by_ticker(connection, ANN, RUN, ALL, first[-1].ticker, 5)
    assert [row.ticker for row in first + rest] == ["IBM", "JPM", "KO", "T"]
    assert (first[0].currency, first[0].target, first[0].position_size) == ("USD", 112.5, 40)
    failed = details_by_ticker(connection, ANN, RUN, DetailFilter(status=DetailStatus.FAILED), None, 5)
    assert [(row.ticker, row.error_code) for row in failed] == [("JPM", "no_data"), ("KO", "bad_prices")]
    wanted = DetailFilter(error_code="bad_prices")
    for listing in (details_by_ticker, details_by_seconds):
        assert [row.ticker for row in listing(connection, ANN, RUN, wanted, None, 5)] == ["KO"]
    assert details_by_ticker(connection, BOB, RUN, ALL, None, 5) == []


def test_the_slowest_tickers_come_first_each_once_over_the_pages(connection: Connection) -> None:
    batch = begun(connection, RUN, demand("IBM", "JPM", "KO", "T", "X"))
    store_outcomes(connection, batch, [outcome(ticker) for ticker in ("IBM", "JPM", "KO", "T")])
    start = datetime(2026, 1, 5, tzinfo=UTC)
    for ticker, seconds in {"IBM": 0.5, "JPM": 7.125, "KO": 0.5, "T": 3}.items():
        times = (start, start + timedelta(seconds=seconds), ticker)
        connection.execute(
            "UPDATE analysis_jobs_details SET started_at = %s, completed_at = %s WHERE ticker = %s", times
        )
    first = details_by_seconds(connection, ANN, RUN, ALL, None, 3)
    last = first[-1]
    assert last.seconds is not None
    rest = details_by_seconds(connection, ANN, RUN, ALL, (last.seconds, last.ticker), 3)
    assert [(row.ticker, row.seconds) for row in first + rest] == [("JPM", 7.125), ("T", 3), ("IBM", 0.5), ("KO", 0.5)]
    assert first[0].currency == "USD"
    assert details_by_seconds(connection, BOB, RUN, ALL, None, 3) == []


def test_errors_are_grouped_with_tickers_and_what_to_do(connection: Connection) -> None:
    tickers = [f"T{number:02}" for number in range(14)]
    batch = begun(connection, RUN, demand("IBM", "JPM", *tickers))
    unknown = [refusal(ticker, ErrorCode.UNKNOWN_TICKER) for ticker in tickers]
    store_outcomes(connection, batch, [outcome("IBM"), refusal("JPM"), *unknown])
    many, one = errors_of_job(connection, ANN, RUN)
    assert (many.code, many.count, many.message) == ("unknown_ticker", 14, "T00: unknown_ticker")
    assert many.tickers == tuple(tickers[:10])
    assert (one.code, one.count, one.tickers) == ("no_data", 1, ("JPM",))
    assert one.what_to_do == WHAT_TO_DO[ErrorCode.NO_DATA]
    assert errors_of_job(connection, BOB, RUN) == []


def test_there_is_advice_for_every_error() -> None:
    assert set(WHAT_TO_DO) == set(ErrorCode)
    assert what_to_do("of a later version") == UNKNOWN
