"""The real yfinance 1.7 against the local Yahoo: the environment alone sends it here."""

import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import exchange_calendars
import pytest

from local.yahoo.faults import Fault
from local.yahoo.server import LocalYahoo
from tests.local.yahoo.asking import Yfinance

MONDAY = date(2026, 11, 16)
FRIDAY_BEFORE, MONDAY_NIGHT = datetime(2026, 11, 13, 22, tzinfo=UTC), datetime(2026, 11, 16, 22, tzinfo=UTC)


def nyse_sessions(first: str, last: str) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return [str(day.date()) for day in exchange_calendars.get_calendar("XNYS").sessions_in_range(first, last)]


@pytest.fixture
def yahoo(tmp_path: Path) -> Iterator[LocalYahoo]:
    with LocalYahoo(tmp_path / "yahoo") as running:
        running.set_now(FRIDAY_BEFORE)
        yield running


def test_histories_of_three_countries_arrive_whole(yahoo: LocalYahoo, tmp_path: Path) -> None:
    with Yfinance(yahoo, tmp_path) as client:
        found = client.ask("IBM", "TCS.NS", "VOD.L", start="2026-01-05")
    assert {ticker: (each["currency"], each["zone"]) for ticker, each in found.items()} == {
        "IBM": ("USD", "America/New_York"),
        "TCS.NS": ("INR", "Asia/Kolkata"),
        "VOD.L": ("GBp", "Europe/London"),
    }
    assert {(each["days"][0], each["days"][-1]) for each in found.values()} == {("2026-01-05", "2026-11-13")}
    assert found["IBM"]["period_end"] == "2026-11-13 16:00:00-05:00"
    assert sum(found["IBM"]["Dividends"]) == pytest.approx(0.55 + 0.55 + 0.65 + 0.65)
    assert found["IBM"]["Adj Close"][0] < found["IBM"]["Close"][0]
    assert found["IBM"]["Adj Close"][-1] == found["IBM"]["Close"][-1]


def test_ten_years_and_a_period_arrive(yahoo: LocalYahoo, tmp_path: Path) -> None:
    with Yfinance(yahoo, tmp_path) as client:
        ten, month = client.ask("IBM", start="2016-11-14")["IBM"], client.ask("IBM", period="1mo")["IBM"]
    assert ten["days"] == nyse_sessions("2016-11-14", "2026-11-13")
    assert month["days"] == ten["days"][-len(month["days"]) :]


def test_a_split_between_two_looks_changes_what_was_seen(yahoo: LocalYahoo, tmp_path: Path) -> None:
    with Yfinance(yahoo, tmp_path) as client:
        before = client.ask("KO", start="2026-10-01")["KO"]
        yahoo.market.announce_split("KO", MONDAY, 2)  # type: ignore[attr-defined]
        yahoo.set_now(MONDAY_NIGHT)
        after = client.ask("KO", start="2026-10-01")["KO"]
    assert after["days"] == [*before["days"], "2026-11-16"]
    assert [2 * price for price in after["Close"][:-1]] == pytest.approx(before["Close"])
    assert after["Stock Splits"] == [0.0] * len(before["days"]) + [2.0]


def test_one_bar_more_the_day_after(yahoo: LocalYahoo, tmp_path: Path) -> None:
    with Yfinance(yahoo, tmp_path) as client:
        friday = client.ask("KO", start="2026-10-01")["KO"]
        yahoo.set_now(MONDAY_NIGHT)
        monday = client.ask("KO", start="2026-10-01")["KO"]
    assert monday["Close"][:-1] == friday["Close"]
    assert monday["days"][-1] == "2026-11-16"


def test_who_is_limited_gets_through_after_the_recovery(yahoo: LocalYahoo, tmp_path: Path) -> None:
    yahoo.faults.put(Fault.RATE_LIMITED, "KO", times=2)  # the client asks twice before it gives up
    with Yfinance(yahoo, tmp_path) as client:
        assert client.ask("KO", period="1mo") == {"KO": {"error": "YFRateLimitError"}}
        assert client.ask("KO", period="1mo")["KO"]["days"]
    assert yahoo.counters.now().by_status[429] == 2


def test_cookies_from_here_stay_in_a_folder_of_their_own(yahoo: LocalYahoo) -> None:
    folder = Path(yahoo.environment["BELLWETHER_YAHOO_CACHE_DIR"])
    assert folder.parent == Path(yahoo.environment["SSL_CERT_FILE"]).parent
