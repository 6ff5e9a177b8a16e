"""The real client against a local Yahoo: what each answer, good or bad, becomes."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.yahoo import FakeYahoo, Fault, Row, Stock

MONDAY, THURSDAY, FRIDAY = date(2024, 6, 24), date(2024, 6, 27), date(2024, 6, 28)
NOON = datetime(2024, 6, 28, 16, tzinfo=UTC)  # in New York
EVENING = datetime(2024, 6, 28, 21, tzinfo=UTC)
SESSION = (datetime(2024, 6, 28, 13, 30, tzinfo=UTC), datetime(2024, 6, 28, 20, tzinfo=UTC))
LONDON_SESSION = (datetime(2024, 6, 28, 7, tzinfo=UTC), datetime(2024, 6, 28, 15, 30, tzinfo=UTC))


def rows(first: date = date(2023, 1, 2), last: date = FRIDAY) -> tuple[Row, ...]:
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(
        Row(day, 100.0 + n % 7, 110.0, 90.0, 101.0 + n % 5, 1000 + n)
        for n, day in enumerate(day for day in days if day.weekday() < 5)
    )


GOOD = Stock(rows=rows(), period=SESSION)
LAST = GOOD.rows[-1]
STOCKS: dict[str, Stock | Fault] = {
    "GOOD": GOOD,
    "M&M.NS": replace(GOOD, currency="INR", timezone="Asia/Kolkata"),
    "^NSEI": replace(GOOD, currency="INR", timezone="Asia/Kolkata"),
    "EURUSD=X": replace(GOOD, timezone="Europe/London"),
    "PENCE.L": replace(GOOD, currency="GBp", timezone="Europe/London"),
    "RAND.JO": replace(GOOD, currency="ZAc", timezone="Africa/Johannesburg"),
    "AGOROT.TA": replace(GOOD, currency="ILA", timezone="Asia/Jerusalem"),
    "NOPERIOD": replace(GOOD, period=None),
    "PAYS": replace(GOOD, dividends={MONDAY: 2.0}),
    "SPLITS": replace(GOOD, splits={MONDAY: (2, 1)}),
    "HALFROW": replace(GOOD, rows=(*GOOD.rows[:-1], replace(LAST, close=None))),
    "NULLROW": replace(GOOD, rows=(*GOOD.rows[:-1], Row(FRIDAY, None, None, None, None, None))),
    "NULLROWS": replace(GOOD, rows=tuple(Row(row.day, None, None, None, None, None) for row in GOOD.rows)),
    "GONE": Fault.NOT_FOUND,
    "GONE.XYZ": Fault.NOT_FOUND,
    "LIMITED": Fault.RATE_LIMITED,
    "GATEWAY": Fault.BAD_GATEWAY,
    "REASON": Fault.ERROR_IN_JSON,
    "HANGS": Fault.HANG,
    "CUT": Fault.CUT,
    "BROKEN": Fault.BROKEN_JSON,
    "EMPTY": Fault.EMPTY,
    "NOROWS": Fault.NO_ROWS,
}


def ask(
    yahoo: FakeYahoo,
    cache: Path,
    wanted: Mapping[str, str | None],
    now: datetime,
    bars: int = 250,
    timeout: float = 6,
    patience: float = 120,
) -> dict[str, Any]:
    """The answers of the real client, in a process of its own that has to end within `patience` seconds."""
    question = {"wanted": wanted, "now": now.isoformat(), "cache": str(cache), "bars": bars, "timeout": timeout}
    done = subprocess.run(
        [sys.executable, "-m", "tests.market.fetch_from_yahoo"],
        input=json.dumps(question),
        env=os.environ | yahoo.environment,
        capture_output=True,
        text=True,
        timeout=patience,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, int]]:
    """Every stock and every fault asked for in one batch after the close, and how often each was asked for."""
    folder = tmp_path_factory.mktemp("yahoo")
    with FakeYahoo(STOCKS, folder) as yahoo:
        wanted = dict.fromkeys([*STOCKS, "NOBODY", "US0378331005"], FRIDAY.isoformat())
        return ask(yahoo, folder, wanted, EVENING), yahoo.asked


@pytest.fixture(scope="module")
def answers(answered: tuple[dict[str, Any], dict[str, int]]) -> dict[str, Any]:
    return answered[0]


def test_every_asked_ticker_is_answered(answers: dict[str, Any]) -> None:
    assert set(answers) == {*STOCKS, "NOBODY", "US0378331005"}


def test_a_good_answer_is_the_completed_bars(answers: dict[str, Any]) -> None:
    good = answers["GOOD"]
    assert good["sessions"][-1] == "2024-06-28"
    assert len(good["sessions"]) >= 250
    assert (good["currency"], good["tick"], good["source"], good["notes"]) == ("USD", 0.01, "yahoo", [])
    got = [good[column][-1] for column in ("open", "high", "low", "close", "volume")]
    assert got == [LAST.open, LAST.high, LAST.low, LAST.close, LAST.volume]


@pytest.mark.parametrize(
    ("ticker", "code"),
    [
        ("GONE", "unknown_ticker"),
        ("GONE.XYZ", "unknown_ticker"),
        ("NOBODY", "unknown_ticker"),
        ("US0378331005", "unknown_ticker"),
        ("LIMITED", "rate_limited"),
        ("GATEWAY", "source_unavailable"),
        ("REASON", "source_unavailable"),
        ("HANGS", "source_unavailable"),
        ("CUT", "source_unavailable"),
        ("BROKEN", "source_unavailable"),
        ("EMPTY", "no_data"),
        ("NOROWS", "no_data"),
        ("NULLROWS", "no_data"),
    ],
)
def test_each_fault_has_its_code_and_a_sentence_about_its_ticker(
    answers: dict[str, Any], ticker: str, code: str
) -> None:
    assert answers[ticker]["code"] == code, answers[ticker]
    assert ticker in answers[ticker]["message"]
    assert "delisted" not in answers[ticker]["message"]


def test_no_fault_touches_another_ticker(answers: dict[str, Any]) -> None:
    sound = {ticker for ticker, stock in STOCKS.items() if isinstance(stock, Stock) and ticker != "NULLROWS"}
    assert {ticker for ticker, answer in answers.items() if len(answer.get("sessions", [])) >= 250} == sound


@pytest.mark.parametrize(
    ("ticker", "currency", "tick"), [("M&M.NS", "INR", 0.01), ("^NSEI", "INR", 0.01), ("EURUSD=X", "USD", 0.01)]
)
def test_currency_is_yahoo_s_and_the_tick_the_exchange_s(
    answers: dict[str, Any], ticker: str, currency: str, tick: float
) -> None:
    assert (answers[ticker]["currency"], answers[ticker]["tick"]) == (currency, tick)
    assert answers[ticker]["sessions"] == answers["GOOD"]["sessions"]


@pytest.mark.parametrize(
    ("ticker", "currency", "unit"), [("PENCE.L", "GBP", "GBp"), ("RAND.JO", "ZAR", "ZAc"), ("AGOROT.TA", "ILS", "ILA")]
)
def test_minor_units_become_major_ones_with_a_note(
    answers: dict[str, Any], ticker: str, currency: str, unit: str
) -> None:
    answer = answers[ticker]
    assert answer["currency"] == currency
    assert answer["high"] == pytest.approx([1.1] * len(answer["high"]))
    assert answer["volume"] == answers["GOOD"]["volume"]
    assert answer["notes"] == [f"prices are quoted in {unit} and were divided by 100"]


def test_half_a_row_is_left_out_with_a_note(answers: dict[str, Any]) -> None:
    assert answers["HALFROW"]["sessions"][-1] == "2024-06-27"
    assert answers["HALFROW"]["notes"] == ["rows without a complete price, left out: 1"]


def test_a_day_without_a_trade_is_no_bar(answers: dict[str, Any]) -> None:
    assert answers["NULLROW"]["sessions"][-1] == "2024-06-27"


def test_prices_before_a_dividend_are_adjusted_for_it(answers: dict[str, Any]) -> None:
    before = next(row for row in reversed(GOOD.rows) if row.day < MONDAY)
    at = answers["PAYS"]["sessions"].index(before.day.isoformat())
    assert before.close is not None
    factor = 1 - 2.0 / before.close
    assert answers["PAYS"]["close"][at] == pytest.approx(before.close * factor)
    assert answers["PAYS"]["high"][at] == pytest.approx(110 * factor)
    assert answers["PAYS"]["close"][at + 1 :] == answers["GOOD"]["close"][at + 1 :]


def test_a_split_that_yahoo_has_adjusted_for_is_not_adjusted_again(answers: dict[str, Any]) -> None:
    assert answers["SPLITS"]["close"] == answers["GOOD"]["close"]


def test_a_known_exchange_takes_one_request_and_an_unknown_one_a_second_for_its_time_zone(
    answered: tuple[dict[str, Any], dict[str, int]],
) -> None:
    _, asked = answered
    assert (asked["GOOD"], asked["M&M.NS"], asked["EURUSD=X"]) == (1, 1, 2)
    assert "US0378331005" not in asked


def test_a_refused_request_is_not_repeated_with_other_cookies(answered: tuple[dict[str, Any], dict[str, int]]) -> None:
    _, asked = answered
    faults = ("GONE", "LIMITED", "GATEWAY", "REASON", "HANGS", "CUT", "BROKEN", "EMPTY", "NOROWS")
    assert {fault: asked[fault] for fault in faults} == dict.fromkeys(faults, 1)


def test_the_bar_of_an_open_session_is_left_out(tmp_path: Path) -> None:
    stocks = {ticker: STOCKS[ticker] for ticker in ("GOOD", "NOPERIOD")}
    with FakeYahoo(stocks, tmp_path) as yahoo:
        answers = ask(yahoo, tmp_path, dict.fromkeys(stocks), NOON, bars=60)
    assert {ticker: answer["sessions"][-1] for ticker, answer in answers.items()} == {
        "GOOD": "2024-06-27",
        "NOPERIOD": "2024-06-27",  # Yahoo did not say when the session ends: today's bar is not trusted
    }
    assert 60 <= len(answers["GOOD"]["sessions"]) <= 120


def test_ten_years_arrive_with_each_bar_on_its_own_day_in_summer_time_and_out_of_it(tmp_path: Path) -> None:
    """A bar is dated by the moment its session opens: in Sydney that is the day before in UTC, in winter at least."""
    long = rows(first=date(2014, 6, 30))
    stocks = {
        "TEN": Stock(rows=long, period=SESSION),
        "TEN.AX": Stock(rows=long, timezone="Australia/Sydney", currency="AUD", opens=time(10)),
        "TEN.L": Stock(rows=long, timezone="Europe/London", opens=time(8), period=LONDON_SESSION),
    }
    with FakeYahoo(stocks, tmp_path) as yahoo:
        answers = ask(yahoo, tmp_path, dict.fromkeys(stocks, FRIDAY.isoformat()), EVENING, bars=len(long), timeout=20)
    expected = [row.day.isoformat() for row in long]
    assert len(expected) == 2610
    for ticker, answer in answers.items():
        assert answer["sessions"] == expected, ticker
        assert (answer["close"], answer["volume"]) == ([row.close for row in long], [row.volume for row in long])


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ([Fault.RATE_LIMITED], "rate_limited"),
        ([Fault.BAD_GATEWAY, Fault.HANG, Fault.CUT, Fault.RATE_LIMITED, Fault.BROKEN_JSON], "source_unavailable"),
    ],
)
def test_a_source_that_answers_for_nobody_is_away(tmp_path: Path, faults: list[Fault], code: str) -> None:
    with FakeYahoo({f"T{n}": fault for n, fault in enumerate(faults)}, tmp_path) as yahoo:
        answer = ask(yahoo, tmp_path, dict.fromkeys(yahoo.stocks), EVENING, timeout=3)
    assert answer["away"] == code
    assert f"none of {len(faults)} tickers" in answer["message"]


def test_a_source_that_never_answers_is_away_long_before_the_client_s_own_timeouts(tmp_path: Path) -> None:
    with FakeYahoo({}, tmp_path, mute=True) as yahoo:
        answer = ask(yahoo, tmp_path, dict.fromkeys(["A", "B", "C"]), EVENING, timeout=0.5, patience=50)
    assert answer["away"] == "source_unavailable"
    assert "timed out" in answer["message"]


def test_a_batch_of_unknown_tickers_is_no_outage(tmp_path: Path) -> None:
    with FakeYahoo({}, tmp_path) as yahoo:
        answers = ask(yahoo, tmp_path, dict.fromkeys(["GONE", "GONE2.NS"]), EVENING)
    assert {answer["code"] for answer in answers.values()} == {"unknown_ticker"}


def test_no_tickers_is_no_outage(tmp_path: Path) -> None:
    with FakeYahoo({}, tmp_path) as yahoo:
        assert ask(yahoo, tmp_path, {}, EVENING) == {}
