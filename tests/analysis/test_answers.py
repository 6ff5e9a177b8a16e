"""The answers that are kept in answers/*.csv; its README.md says where they come from."""

import csv
from datetime import date
from pathlib import Path

import pytest

from include.analysis import analyze, load_strategies
from include.model.analysis import Analysis
from tests.analysis import make_answers
from tests.analysis.samples import sample_bars

FOLDER = Path(__file__).with_name("answers")

Row = dict[str, str]


def answers(name: str) -> dict[tuple[str, str, str], list[Row]]:
    """The rows of a file by ticker, session and strategy."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    with (FOLDER / name).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault((row["ticker"], row["session"], row["strategy"]), []).append(row)
    return found


def analysed(key: tuple[str, str, str]) -> Analysis:
    ticker, session, strategy = key
    found = analyze(sample_bars()[ticker], load_strategies()[strategy], date.fromisoformat(session))
    assert isinstance(found, Analysis)
    return found


def test_there_are_answers_for_every_strategy_at_every_look() -> None:
    looks = len(make_answers.TICKERS) * len(make_answers.ENDS)
    assert len(answers("analyses.csv")) == looks * len(load_strategies())
    assert len(answers("readings.csv")) == looks * 2


def test_scores_verdicts_and_plans_are_those_that_are_kept() -> None:
    for key, (row,) in answers("analyses.csv").items():
        found = analysed(key)
        plan = found.plan
        levels = [str(x) for x in (plan.entry, plan.stop_loss, plan.target)] if plan else [""] * 3
        kept = [row[name] for name in ("bars", "score", "verdict", "entry", "stop_loss", "target")]
        assert [str(found.bars_used), f"{found.score:.1f}", found.verdict, *levels] == kept, key


def test_values_votes_and_confidences_are_those_that_are_kept() -> None:
    for key, rows in answers("readings.csv").items():
        found = {r.id: r for r in analysed(key).readings if not r.absent}
        kept = {row["indicator"]: row for row in rows}
        assert found.keys() - {"atr"} == kept.keys() - {"atr"}, key
        for name, row in kept.items():
            assert found[name].value == pytest.approx(float(row["value"]), rel=1e-6, abs=1e-8), (key, name)
            assert found[name].vote == int(row["vote"]), (key, name)
            assert found[name].confidence == pytest.approx(float(row["confidence"]), abs=1e-6), (key, name)
