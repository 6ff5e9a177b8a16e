"""Strategies as data: what is built in, what a user may add, and what a mistake is told."""

from pathlib import Path

import pytest

from include.analysis import Strategy, analyze, load_strategies
from include.analysis.strategy import WeightedVotes
from include.model.analysis import Analysis
from include.model.errors import StrategyError
from tests.analysis.samples import sample_bars

MINE = """
[mine]
title = "Mine"
rating = "weighted_votes"
target_multiple = 2
position_limit_percent = 10
stop = { atr_multiple = 1, min_percent = 1, max_percent = 4 }
weights = { rsi = 1, macd = 2 }
"""


def load(folder: Path, text: str) -> dict[str, Strategy]:
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    load_strategies.cache_clear()
    return dict(load_strategies(file))


def problem(folder: Path, text: str) -> str:
    with pytest.raises(StrategyError) as raised:
        load(folder, text)
    return str(raised.value).replace(str(folder), "")


def test_five_strategies_are_built_in() -> None:
    assert list(load_strategies()) == [
        "balanced",
        "trend_following",
        "mean_reversion",
        "momentum_breakout",
        "technical_rating",
    ]


@pytest.mark.parametrize(
    ("name", "stop", "target", "limit"),
    [
        ("balanced", (1.5, 1, 4), 2, 20),
        ("trend_following", (2, 1.5, 5), 3, 25),
        ("mean_reversion", (1, 0.75, 3), 1.5, 15),
        ("momentum_breakout", (2, 1.5, 6), 2.5, 20),
        ("technical_rating", (1.5, 1, 4), 2, 20),
    ],
)
def test_the_built_in_rules_are_those_that_are_published(
    name: str, stop: tuple[float, float, float], target: float, limit: float
) -> None:
    strategy = load_strategies()[name]
    assert (strategy.stop.atr_multiple, strategy.stop.min_percent, strategy.stop.max_percent) == stop
    assert (strategy.target_multiple, strategy.position_limit_percent) == (target, limit)


def test_a_file_adds_strategies_to_the_built_in_ones(tmp_path: Path) -> None:
    strategies = load(tmp_path, MINE)
    assert list(strategies) == [*load_strategies(), "mine"]
    found = analyze(sample_bars()["XOM"], strategies["mine"])
    assert isinstance(found, Analysis)
    assert [r.id for r in found.readings] == ["macd", "rsi", "atr"]


def test_what_a_strategy_sets_is_applied_and_shown(tmp_path: Path) -> None:
    text = MINE + "parameters.rsi = { period = 21, oversold = 45, overbought = 60, full = 10 }\n"
    found = analyze(sample_bars()["XOM"], load(tmp_path, text)["mine"])
    assert isinstance(found, Analysis)
    rsi = next(r for r in found.readings if r.id == "rsi")
    assert rsi.value is not None
    assert rsi.value == pytest.approx(43.6, abs=0.1)
    assert rsi.rule == f"RSI21 oversold: {rsi.value:.1f} below 45"
    assert rsi.confidence == pytest.approx((45 - rsi.value) / 10)


def test_an_indicator_with_too_long_a_period_is_absent(tmp_path: Path) -> None:
    text = MINE + "parameters.rsi = { period = 300 }\n"
    found = analyze(sample_bars()["XOM"], load(tmp_path, text)["mine"])
    assert isinstance(found, Analysis)
    assert found.summary.endswith("RSI absent (245 of 301 bars)")


def test_the_version_is_the_content_that_is_applied(tmp_path: Path) -> None:
    version = load(tmp_path, MINE)["mine"].version
    assert len(version) == 12
    assert load(tmp_path, MINE.replace('"Mine"', '"Renamed"'))["mine"].version == version
    assert load(tmp_path, MINE + "parameters.rsi = { period = 14 }\n")["mine"].version == version
    assert load(tmp_path, MINE.replace("macd = 2", "macd = 2.5"))["mine"].version != version
    assert load(tmp_path, MINE + "parameters.rsi = { period = 15 }\n")["mine"].version != version


def test_every_built_in_strategy_has_its_own_version() -> None:
    assert len({s.version for s in load_strategies().values()}) == 5


def test_a_strategy_cannot_be_changed(tmp_path: Path) -> None:
    strategies = load_strategies()
    with pytest.raises(ValueError, match="frozen"):
        strategies["balanced"].target_multiple = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        strategies["mine"] = strategies["balanced"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "rsi = 1",
            "rsii = 1",
            ", weights.rsii: unknown; allowed: adx, bollinger, cci, cmf, ema_cross, macd, obv, parabolic_sar, rsi, "
            "stochastic, williams_r",
        ),
        (
            "title",
            "colour = 1\ntitle",
            ", colour: unknown; allowed: categories, description, parameters, position_limit_percent, rating, stop, "
            "target_multiple, title, weights",
        ),
        (
            "rsi = 1, macd = 2",
            "rsi = 0",
            ": the weights sum to nothing: give one indicator and its category a weight above 0",
        ),
        ("rsi = 1", "rsi = -1", ", weights.rsi: input should be greater than or equal to 0 (got -1)"),
        (
            "target_multiple = 2",
            "target_multiple = 0.5",
            ", target_multiple: input should be greater than or equal to 1 (got 0.5)",
        ),
        ("target_multiple = 2\n", "", ", target_multiple: is missing"),
        (
            "min_percent = 1,",
            "min_percent = 5,",
            ", stop: min_percent (5) must not be above max_percent (4)",
        ),
        (
            "target_multiple = 2",
            "target_multiple = 25",
            ": stop.max_percent times target_multiple must be below 100: a short target would be <= 0",
        ),
        ('"weighted_votes"', '"astrology"', ", rating: must be one of weighted_votes, technical_rating"),
        ('rating = "weighted_votes"\n', "", ", rating: must be one of weighted_votes, technical_rating"),
        (
            '"weighted_votes"',
            '"technical_rating"',
            ", weights: unknown; allowed: description, position_limit_percent, rating, stop, target_multiple, title",
        ),
        ("[mine]", "[mine]\nid = 'yours'", ", id: unknown; the name of the table is the id"),
        ("[mine]", "[Mine]", ", id: string should match pattern '^[a-z][a-z0-9_]{0,39}$' (got 'Mine')"),
    ],
)
def test_a_mistake_is_told_with_file_strategy_field_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    text = MINE.replace(old, new)
    assert text != MINE
    name = "Mine" if "[Mine]" in text else "mine"
    assert problem(tmp_path, text) == f"/mine.toml: strategy {name!r}{expected}"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (
            "rsi = { length = 3 }",
            ", parameters.rsi.length: unknown; allowed: full, overbought, oversold, period",
        ),
        ("rsi = { period = 1 }", ", parameters.rsi.period: input should be greater than or equal to 2 (got 1)"),
        ("rsi = { period = 9.5 }", ", parameters.rsi.period: input should be a valid integer (got 9.5)"),
        ("rsi = { oversold = 80 }", ", parameters.rsi: oversold (80) must be below overbought (70)"),
        ("macd = { fast = 30 }", ", parameters.macd: fast (30) must be below slow (26)"),
        ("atr = { period = 60 }", ", parameters.atr.period: input should be less than or equal to 59 (got 60)"),
        (
            "cmf = { period = 10 }",
            ": parameters.cmf is not applied: give the indicator a weight, or leave this out",
        ),
    ],
)
def test_a_wrong_parameter_is_told(tmp_path: Path, parameters: str, expected: str) -> None:
    assert problem(tmp_path, f"{MINE}parameters.{parameters}\n") == f"/mine.toml: strategy 'mine'{expected}"


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = MINE.replace("rsi = 1", "rsi = -1").replace("target_multiple = 2", "target_multiple = 0")
    assert problem(tmp_path, text).count("strategy 'mine', ") == 2


def test_a_built_in_name_is_taken(tmp_path: Path) -> None:
    expected = "/mine.toml: strategy 'balanced' is built in; give yours another name"
    assert problem(tmp_path, MINE.replace("[mine]", "[balanced]")) == expected


def test_a_file_that_is_no_toml_says_so(tmp_path: Path) -> None:
    assert problem(tmp_path, "[mine\n").startswith("/mine.toml: is not valid TOML: ")


def test_a_value_outside_a_table_says_so(tmp_path: Path) -> None:
    assert problem(tmp_path, "version = 1\n").startswith("/mine.toml: strategy 'version': must be a table")


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(StrategyError, match=r"cannot be read \(No such file or directory\)"):
        load_strategies(tmp_path / "missing.toml")


def test_a_strategy_survives_the_way_to_another_process() -> None:
    import pickle

    balanced = load_strategies()["balanced"]
    copy = pickle.loads(pickle.dumps(balanced))  # noqa: S301
    assert isinstance(copy, WeightedVotes)
    assert (copy, copy.version) == (balanced, balanced.version)
