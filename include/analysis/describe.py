"""A strategy in words."""

from include.analysis.strategy import Strategy, WeightedVotes

_METHODS = {
    "weighted_votes": (
        "score = 50 + 50 s; s = sum(vote * w) / sum(w) over the indicators that have a value, "
        "w = confidence * category weight * indicator weight"
    ),
    "technical_rating": (
        "score = 50 + 50 s; s = (mean vote of the moving averages + mean vote of the oscillators) / 2, "
        "of those that have a value"
    ),
}


def describe_strategy(strategy: Strategy) -> list[str]:
    """What it does with the votes, and where entry, stop and target lie: a sentence a line."""
    method = "weighted_votes" if isinstance(strategy, WeightedVotes) else "technical_rating"
    strong, plain, stop = strategy.strong / 10, strategy.plain / 10, strategy.stop
    atr = next(indicator for indicator in strategy.indicators if indicator.id == "atr")
    return [
        f"Rating: {method}; {_METHODS[method]}",
        f"Verdict: Strong Buy from {50 + strong:g}, Buy from {50 + plain:g}, "
        f"Sell to {50 - plain:g}, Strong Sell to {50 - strong:g}, Hold between",
        f"Stop: {stop.atr_multiple:g} * ATR{atr.bars - 1} from the entry (the close), "
        f"kept within {stop.min_percent:g} to {stop.max_percent:g} % of it",
        f"Target: {strategy.target_multiple:g} times as far, on the other side",
        f"Position: at most {strategy.position_limit_percent:g} % of the capital",
    ]
