"""`python -m include.analysis strategies`: list, check, explain."""

from pathlib import Path

import pytest

from include.analysis import load_strategies
from include.terminal.main import main
from tests.analysis.test_strategies import MINE


def test_every_strategy_is_listed_with_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strategies"]) == 0
    said = capsys.readouterr().out
    for strategy in load_strategies().values():
        assert strategy.id in said
        assert strategy.version in said


@pytest.mark.parametrize("name", load_strategies())
def test_one_is_explained_with_every_indicator_that_it_uses(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strategies", name]) == 0
    said = capsys.readouterr().out
    strategy = load_strategies()[name]
    assert all(f"│ {indicator.id} " in said for indicator in strategy.indicators)
    assert f"Target: {strategy.target_multiple:g} times as far, on the other side" in said
    assert f"{strategy.stop.atr_multiple:g} * ATR14" in said


def test_a_file_of_ones_own_is_checked_and_explained_as_it_is_applied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(MINE + "parameters.rsi = { period = 21, oversold = 25 }\nparameters.atr = { period = 10 }\n")
    assert main(["strategies", "--file", str(file)]) == 0
    assert capsys.readouterr().out.replace("\n", "").endswith("mine.toml: 1 strategies, nothing wrong")
    assert main(["strategies", "mine", "--file", str(file)]) == 0
    said = capsys.readouterr().out
    assert "+1 with RSI21 below 25, -1 above 70; sure when 30 beyond" in said
    assert "Stop: 1 * ATR10 from the entry" in said
    assert "cci" not in said


def test_mistakes_are_told_and_make_the_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(MINE.replace("rsi = 1", "rsii = 1"))
    assert main(["strategies", "--file", str(file)]) == 2
    assert "strategy 'mine', weights.rsii: unknown; allowed: adx, " in capsys.readouterr().err
    assert main(["strategies", "--file", str(tmp_path / "none.toml")]) == 2
    assert "cannot be read (No such file or directory)" in capsys.readouterr().err
    assert main(["strategies", "guess"]) == 2
    assert capsys.readouterr().err.startswith("there is no strategy 'guess'; there are balanced, ")
