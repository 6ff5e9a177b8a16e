"""`python -m include.analysis` on tickers: what is printed where, and the exit status."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.analysis import load_strategies
from include.market.sources import open_source
from include.market.sources.sample import sample_sessions
from include.model.analysis import RiskProfile
from include.model.bars import DataSource
from include.model.errors import Refusal
from include.model.request import AnalysisRequest
from include.terminal.looks import Look, look
from include.terminal.main import main

SAMPLE = ["--source", "sample"]


def test_one_ticker_is_explained_from_the_summary_to_the_position(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["XOM", *SAMPLE, "--capital", "50000"]) == 0
    said = capsys.readouterr().out
    for part in (
        "XOM  session 2010-08-20, close 58.89 USD, Balanced (version ",
        "Sell, 36.6: trend -25.0, momentum +11.4, volume +0.2; 5 for, 4 against, 2 neutral",
        "Since 2010-08-19: Stochastic14 turned oversold; score 30.5 -> 36.6 (+6.1)",
        "score 36.6 = 50 and the points",
        "Plan: short at 58.89, stop 60.59 (2.9 % away), target 55.49, reward/risk 2.00",
        "Position: 169 shares for 9,952.41 of 50,000 USD; loses 287.30 at the stop",
    ):
        assert part in said
    (row,) = [line for line in said.splitlines() if "williams_r" in line]
    cells = [cell.strip() for cell in row.split("│")[1:-1]]
    assert cells == ["williams_r", "Williams %R14 oversold: -92.3 below -80", "buy", "0.62", "1", "+6.9"]


def test_several_tickers_are_a_table_with_the_best_score_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["JPM", "ko", "IBM", *SAMPLE]) == 0
    said = capsys.readouterr().out
    assert "balanced, session 2010-08-20" in said
    assert re.findall(r"^ *(KO|IBM|JPM) ", said, flags=re.MULTILINE) == ["KO", "IBM", "JPM"]
    assert "Plan:" not in said
    assert main(["JPM", "KO", *SAMPLE, "--explain"]) == 0
    assert capsys.readouterr().out.count("Plan:") == 2


def test_hold_has_no_plan_and_warnings_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    main(["IBM", *SAMPLE])
    assert "No trade: Hold has no entry, stop or target." in capsys.readouterr().out
    main(["ESRX", *SAMPLE])
    assert "Warning: the close jumps by -49% on 2010-06-08" in capsys.readouterr().out
    main(["IBM", "KO", *SAMPLE])
    assert "warnings" not in capsys.readouterr().out
    main(["ESRX", "KO", *SAMPLE])
    said = capsys.readouterr().out
    assert "ESRX !" in said
    assert "! has warnings, which --explain shows" in said


def test_the_points_of_a_category_are_those_of_the_summary(capsys: pytest.CaptureFixture[str]) -> None:
    """They do not add up without care: KO's trend is -10.053, its momentum +3.520, its volume +22.133."""
    main(["KO", *SAMPLE])
    said = capsys.readouterr().out
    (shown,) = re.findall(r"trend ([+-][\d.]+), momentum ([+-][\d.]+), volume ([+-][\d.]+);", said)
    rows = [line.split("│") for line in said.splitlines() if re.match(r"│ (trend|momentum|volume) ", line)]
    assert [row[-2].strip() for row in rows] == list(shown) == ["-10.0", "+3.5", "+22.1"]


def test_one_refused_ticker_leaves_the_others_and_makes_the_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["JPM", "NOSUCH", "KO", *SAMPLE]) == 1
    out, err = capsys.readouterr()
    assert "KO" in out
    assert "NOSUCH" not in out
    assert err.startswith("NOSUCH: the sample has no NOSUCH: ")
    assert err.endswith(" (unknown_ticker)\n")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "tickers: name a ticker or --universe; --help shows the rest (got [])"),
        (["JPM", "--strategy", "guess"], "strategy: no such strategy; allowed: balanced, trend_following, "),
        (["JPM", "--as-of", "2030-01-01"], "as_of: the sample has prices from 2009-08-21 to 2010-08-20"),
        (["JPM", "--as-of", "friday"], "as_of: Input should be a valid date"),
        (["JPM", "--capital", "0"], "capital: Input should be greater than 0 (got 0.0)"),
        (["J PM"], "tickers.0: a ticker has at most 32 characters"),
        (["JPM", "--universe", "sample"], "universe: give tickers or a universe, not both"),
        (["JPM", "KO", "--plot", "a.png"], "plot: a chart shows one ticker: name one"),
        (["JPM", "--plot", "a.doc"], "plot: the name must end in .png, .svg or .pdf"),
        (["JPM", "--plot", "/no/such/folder/a.png"], "plot: cannot be written: No such file or directory"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, *SAMPLE]) == 2
    err = capsys.readouterr().err
    assert err.startswith(sentence)
    assert err.count("\n") == 1


def test_json_has_everything_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["XOM", "NOSUCH", *SAMPLE, "--json"]) == 1
    documents = {found["ticker"]: found for found in json.loads(capsys.readouterr().out)}
    xom, missing = documents["XOM"], documents["NOSUCH"]
    assert (xom["analysis"]["score"], xom["analysis"]["plan"]["entry"], xom["error"]) == (36.6, "58.89", None)
    assert sum(r["contribution"] for r in xom["analysis"]["readings"]) == pytest.approx(36.6 - 50)
    assert (xom["position"]["shares"], xom["difference"]["previous_score"]) == (339, 30.5)
    assert xom["difference"]["words"] == "Stochastic14 turned oversold; score 30.5 -> 36.6 (+6.1)"
    assert (missing["error"]["code"], missing["analysis"]) == ("unknown_ticker", None)
    assert set(missing) == set(xom)


@pytest.mark.parametrize(("ending", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_chart_is_drawn_into_a_file(ending: str, begins: bytes, tmp_path: Path) -> None:
    file = tmp_path / f"xom.{ending}"
    assert main(["XOM", *SAMPLE, "--plot", str(file)]) == 0
    assert file.read_bytes().startswith(begins)


def test_a_chart_shows_the_levels_of_the_plan(tmp_path: Path) -> None:
    import matplotlib as mpl

    file = tmp_path / "xom.svg"
    with mpl.rc_context({"svg.fonttype": "none"}):  # words as words, not as outlines
        main(["XOM", *SAMPLE, "--plot", str(file)])
    drawn = file.read_text()
    for words in ("XOM  Sell, 36.6", "entry 58.89", "stop 60.59", "target 55.49", "EMA50", "EMA200"):
        assert words in drawn


def test_an_earlier_session_is_seen_as_on_that_day(capsys: pytest.CaptureFixture[str]) -> None:
    main(["XOM", *SAMPLE, "--as-of", "2010-08-19"])
    assert "Sell, 30.5: " in capsys.readouterr().out


def request(*tickers: str, source: DataSource) -> AnalysisRequest:
    strategy = load_strategies()["balanced"]
    return AnalysisRequest(
        tickers=tickers,
        strategy=strategy.id,
        strategy_version=strategy.version,
        risk=RiskProfile(),
        as_of=None,
        data_source=source,
        scope="user:ann",
    )


def test_the_session_before_is_seen_with_as_much_history_as_it_had() -> None:
    now = datetime(2026, 6, 30, tzinfo=UTC)
    source = open_source(DataSource.DEMO, lambda: now)
    (today,) = look(request("JPM", source=DataSource.DEMO), source, now)
    (yesterday,) = look(request("JPM", source=DataSource.DEMO), source, datetime(2026, 6, 29, tzinfo=UTC))
    assert isinstance(today, Look)
    assert isinstance(yesterday, Look)
    assert today.difference is not None
    assert today.difference.previous_session < today.outcome.analysis.session
    friday = yesterday.outcome.analysis
    assert (friday.session, friday.score) == (today.difference.previous_session, today.difference.previous_score)
    assert today.outcome.analysis.bars_used == friday.bars_used == 750


def test_the_first_session_that_can_be_analysed_has_nothing_before(capsys: pytest.CaptureFixture[str]) -> None:
    last_refused, first = (str(session) for session in sample_sessions()[58:60])
    assert main(["XOM", *SAMPLE, "--as-of", first]) == 0
    assert "Since" not in capsys.readouterr().out
    assert main(["XOM", *SAMPLE, "--as-of", last_refused]) == 1
    assert "59 of the 60 completed daily bars that an analysis needs (insufficient_history)" in capsys.readouterr().err


def test_the_command_runs_without_airflow_or_database() -> None:
    program = (
        "import sys; from include.terminal.main import main; status = main(['XOM', '--source', 'sample']); "
        "print(sorted({'airflow', 'psycopg', 'matplotlib', 'yfinance'} & set(sys.modules))); sys.exit(status)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.endswith("[]\n")
    module = [sys.executable, "-m", "include.analysis", "strategies", "guess"]
    assert subprocess.run(module, capture_output=True, timeout=60, check=False).returncode == 2


def test_a_source_that_is_away_is_a_sentence_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from include.model.errors import SourceUnavailableError
    from include.terminal import look_command

    class Away:
        name = DataSource.SAMPLE

        def fetch(self, wanted: object, bars: int) -> dict[str, Refusal]:
            raise SourceUnavailableError("the price source does not answer; try again later")

    monkeypatch.setattr(look_command, "open_source", lambda name: Away())
    assert main(["XOM", *SAMPLE]) == 1
    assert capsys.readouterr().err == "the price source does not answer; try again later\n"
