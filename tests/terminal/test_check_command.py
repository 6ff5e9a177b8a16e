"""`python -m include.analysis check`."""

from collections.abc import Sequence
from datetime import date

import pytest

from include.analysis import Strategy, load_strategies
from include.analysis.history import Probe
from include.model.bars import Bars
from include.terminal import check_command
from include.terminal.main import main


def rows(said: str) -> dict[str, list[str]]:
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if line.startswith("│")]
    return {row[0]: row[1:] for row in cells}


def test_every_strategy_is_probed_on_made_up_prices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "JPM", "ibm", "--sessions", "3"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("2 tickers, 3 sessions each, prices: demo")
    found = rows(said)
    assert set(found) == set(load_strategies())
    for sessions, ahead, steady, largest in found.values():
        assert (sessions, ahead) == ("6", "nothing")
        assert steady == "100.0% of the scores move by less than 0.5"
        assert float(largest.split()[0]) < 0.5


def test_what_short_series_cannot_tell_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "JPM", "--source", "sample", "--strategy", "balanced"]) == 0
    assert rows(capsys.readouterr().out) == {"balanced": ["5", "nothing", "not measured: the series are shorter", ""]}


def test_a_look_back_that_is_too_short_makes_the_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--source", "sample", "--lookback", "145", "--older", "40"]) == 1
    assert rows(capsys.readouterr().out)["technical_rating"][2].startswith("96.7% ")


def test_looking_ahead_makes_the_status_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def peeks(bars: Bars, strategy: Strategy, session: date, lookback: int, older: int) -> Probe:
        return Probe(ticker="JPM", strategy=strategy.id, session=session, ahead=("rsi", "score"), moved=None)

    monkeypatch.setattr(check_command, "probe", peeks)
    assert main(["check", "JPM", "--strategy", "balanced"]) == 1
    assert rows(capsys.readouterr().out)["balanced"][1] == "rsi, score"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["NOSUCH", "--source", "sample"], "tickers: the sample has no NOSUCH: "),
        (["N S"], "tickers: a ticker has at most 32 characters"),
        (["--strategy", "guess"], "there is no strategy 'guess'; there are balanced, "),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(
    arguments: Sequence[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *arguments]) == 2
    assert capsys.readouterr().err.startswith(sentence)


@pytest.mark.parametrize("count", ["0", "1.5", "many", "20001"])
def test_a_count_is_a_whole_number_in_reason(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check", "--sessions", count])
    assert ended.value.code == 2
    assert "whole number from 1 to 20,000" in capsys.readouterr().err
