"""Prices in, analysis out: indicators, strategies, rating, trade plan and explanation. Pure: no I/O, no clock."""

from include.analysis.analyze import analyze, hash_bars
from include.analysis.describe import describe_strategy
from include.analysis.difference import compare, describe_difference
from include.analysis.explain import points_by_category, strongest_reasons
from include.analysis.outcome import outcome_of
from include.analysis.plan import size_position
from include.analysis.strategies import load_strategies
from include.analysis.strategy import Strategy

__all__ = [
    "Strategy",
    "analyze",
    "compare",
    "describe_difference",
    "describe_strategy",
    "hash_bars",
    "load_strategies",
    "outcome_of",
    "points_by_category",
    "size_position",
    "strongest_reasons",
]
