import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.market.symbols import apply_aliases, normalize_ticker

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


@pytest.mark.parametrize(
    ("asked", "aliases", "found"),
    [
        (["FB", "IBM"], {}, ["FB", "IBM"]),
        (["FB", "IBM"], {"FB": "META", "TWTR": "X"}, ["META", "IBM"]),
        (["ZOMATO.NS"], {"ZOMATO.NS": "ETERNAL.NS"}, ["ETERNAL.NS"]),
        (["META", "FB"], {"FB": "META"}, ["META"]),
        (["WLP"], {"WLP": "ANTM", "ANTM": "ELV"}, ["ELV"]),
        (["FB"], {" fb": "meta "}, ["META"]),
    ],
)
def test_a_renamed_ticker_gets_its_newest_name_once(
    asked: list[str], aliases: dict[str, str], found: list[str]
) -> None:
    assert apply_aliases(asked, aliases) == tuple(found)


@pytest.mark.parametrize(
    ("aliases", "said"),
    [
        ({"A": "B", "B": "A"}, "in a circle, which changes nothing: A -> B -> A"),
        ({"A": "B", "B": "C", "C": "B"}, "in a circle, which changes nothing: A -> B -> C -> B"),
        ({"A": "no ticker"}, "'A' -> 'no ticker', which changes nothing: a ticker has at most"),
    ],
)
def test_an_alias_that_makes_no_sense_changes_nothing_and_the_log_says_so(
    aliases: dict[str, str], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert apply_aliases(["A", "IBM"], aliases) == ("A", "IBM")
    assert said in caplog.text


def test_the_log_says_what_a_renamed_ticker_is_called_now(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    apply_aliases(["FB", "IBM"], {"FB": "META"})
    assert [record.message for record in caplog.records] == ["FB is called META now"]
