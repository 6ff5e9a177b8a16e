"""docs/strategies.md says what the catalogue says."""

import re
from pathlib import Path

import pytest

from include.analysis import analyze, load_strategies
from include.analysis.catalog import Parameters
from include.analysis.indicator import Indicator
from include.model.analysis import Analysis, Category
from tests.analysis.samples import sample_bars

DOCUMENT = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text()
WEIGHTED = load_strategies()["balanced"].indicators
TECHNICAL = [i for i in load_strategies()["technical_rating"].indicators if i.id != "atr"]


def weighted_row(indicator: Indicator) -> str:
    assert isinstance(indicator, Parameters)
    parameters = ", ".join(f"{name} {value:g}" for name, value in indicator)
    return f"| `{indicator.id}` | {indicator.category} | {indicator.bars} | {indicator.says} | {parameters} |"


def technical_row(indicator: Indicator) -> str:
    group = "moving average" if indicator.category is Category.TREND else "oscillator"
    return f"| `{indicator.id}` | {group} | {indicator.bars} | {indicator.says} |"


def test_the_tables_are_the_catalogue() -> None:
    expected = [*map(weighted_row, WEIGHTED), *map(technical_row, TECHNICAL)]
    found = [line for line in DOCUMENT.splitlines() if re.match(r"\| `\w+` \| (\w+ ?\w*) \| \d+ \|", line)]
    assert found == expected


@pytest.mark.parametrize("indicator", [*WEIGHTED, *TECHNICAL], ids=lambda i: i.id)
def test_every_rule_in_words_names_its_numbers(indicator: Indicator) -> None:
    assert indicator.says
    assert "{" not in indicator.says
    assert "vote" in indicator.says or {"+1", "-1"} <= set(re.findall(r"[+-]1\b", indicator.says))


def test_the_verdicts_are_those_that_are_applied() -> None:
    weighted, technical = load_strategies()["balanced"], load_strategies()["technical_rating"]
    row = "| `weighted_votes` | from {} | from {} | between | to {} | to {} |"
    strong, plain = weighted.strong // 10, weighted.plain // 10
    assert row.format(50 + strong, 50 + plain, 50 - plain, 50 - strong) in DOCUMENT
    assert (technical.strong, technical.plain) == (251, 51)  # "above 75", "above 55"


def test_the_example_is_a_strategy_that_can_be_used(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    file = tmp_path / "mine.toml"
    file.write_text(example)
    strategy = load_strategies(file)["patient"]
    found = analyze(sample_bars()["XOM"], strategy)
    assert isinstance(found, Analysis)
    rules = {r.id: r.rule for r in found.readings}
    assert set(rules) == {"ema_cross", "rsi", "williams_r", "obv", "atr"}
    assert rules["ema_cross"].startswith("EMA20 below EMA100: ")
    assert strategy.weights(strategy.indicators) == {"rsi": 3.0, "williams_r": 1.5, "ema_cross": 0.5, "obv": 0.5}


def test_every_command_is_named_and_exists() -> None:
    from include.terminal.main import COMMANDS

    commands = re.findall(r"^python -m include\.analysis (\S+)", DOCUMENT, flags=re.MULTILINE)
    assert {command for command in commands if command.islower()} == set(COMMANDS)
