import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.market.symbols import normalize_ticker

REAL = "TCS.NS 20MICRONS.NS M&M.NS BAJAJ-AUTO.NS 500325.BO BRK-B ^NSEI 005930.KS EURUSD=X BTC-USD 0700.HK A GC=F"
PUNCTUATION = [
    "'AAPL'",
    'A"',
    "../ETC",
    "A/B",
    "A\\B",
    "A;B",
    "A,B",
    "A%20",
    "<B>",
    "A^B",
    "A..B",
    ".NS",
    "AAPL.",
    "^",
    "-",
]
NOT_ASCII = ["\ufb01", "\u0131", "\uff21\uff21", "A\x00", "TCS\u200b"]  # two of them turn into ASCII when upper-cased
NOT_TEXT = [None, 5, b"A", ["A"], True]


@pytest.mark.parametrize("symbol", [*REAL.split(), "NIFTY_FIN_SERVICE.NS", "X" * 32])
def test_real_symbols_are_accepted(symbol: str) -> None:
    assert normalize_ticker(symbol) == symbol


def test_a_symbol_is_trimmed_and_upper_cased() -> None:
    assert normalize_ticker("  tcs.ns\n") == "TCS.NS"


@pytest.mark.parametrize("raw", ["", "  ", "A B", "A\nB", "X" * 33, *PUNCTUATION, *NOT_ASCII, *NOT_TEXT])
def test_what_is_no_symbol_is_refused_with_what_is_allowed(raw: object) -> None:
    with pytest.raises(ValueError, match="a ticker has at most 32 characters"):
        normalize_ticker(raw)


@given(st.text(max_size=40))
def test_any_text_is_refused_or_becomes_plain_ascii_that_normalises_to_itself(raw: str) -> None:
    try:
        ticker = normalize_ticker(raw)
    except ValueError:
        return
    assert ticker.isascii()
    assert 1 <= len(ticker) <= 32
    assert normalize_ticker(ticker) == ticker
