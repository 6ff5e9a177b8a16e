"""What changed since an earlier analysis: as values, and in the words of the trade."""

import re

from include.model.analysis import Analysis, Reading
from include.model.difference import Compared, Difference, Move

_SHOWN = 0.05
"""Least change of a contribution that a figure with one decimal shows."""

# A rule's phrase -> what happened when the indicator began to say so. The first that fits is taken.
_BEGAN = (
    (r"^(.+) oversold and rising$", r"\1 turned up from oversold"),
    (r"^(.+) overbought and falling$", r"\1 turned down from overbought"),
    (r"^(.+ (crosses|saucer) .+)$", r"\1"),
    (r"^Bollinger %B (below|above) the", r"close broke out \1 the"),
    (r"^(.+) (above|below) (.+)$", r"\1 crossed \2 \3"),
    (r"^(.+) level with (.+)$", r"\1 came level with \2"),
    (r"^money flow (buying|selling)$", r"money flow turned to \1"),
    (r"^(.+) lines all (rising|falling)$", r"\1 lines turned, all \2"),
    (r"^(.+) (rising|falling|strong|weak|oversold|overbought)$", r"\1 turned \2"),
)
# The phrase of before -> what happened when the indicator fell silent.
_ENDED = (
    (r"^Bollinger %B .*$", r"close came back inside the Bollinger band"),
    (r"^money flow (buying|selling)$", r"money flow stopped \1"),
    (r"^(.+) (oversold|overbought)$", r"\1 left \2"),
    (r"^(.+) (strong|weak)$", r"\1 no longer \2"),
    (r"^(.+) lines all (rising|falling)$", r"\1 lines no longer all \2"),
    (r"^(.+)$", r"signal over: \1"),
)


def compare(before: Analysis | Compared, now: Analysis | Compared) -> Difference:
    """The difference of two analyses; raises ValueError unless they are of one ticker, by one version of a strategy."""
    for name in ("ticker", "strategy", "strategy_version"):
        if getattr(before, name) != getattr(now, name):
            raise ValueError(f"only analyses with the same {name} can be compared")
    earlier = {reading.id: reading for reading in before.readings}
    moves = [Move(before=earlier[reading.id], now=reading) for reading in now.readings]
    moved = [move for move in moves if move.is_turn or abs(move.points) >= _SHOWN]
    return Difference(
        previous_session=before.session,
        session=now.session,
        previous_score=before.score,
        score=now.score,
        previous_verdict=before.verdict,
        verdict=now.verdict,
        moves=tuple(sorted(moved, key=lambda move: -abs(move.points))),
    )


def describe_difference(difference: Difference, count: int = 4) -> str:
    """One line, as `RSI14 left oversold; MACD crossed above its signal; score 46.1 -> 52.3 (+6.2)`.

    The `count` turns that moved the score most; without any turn, the largest move.
    """
    turns = [move for move in difference.moves if move.is_turn]
    said = [_turn(move) for move in turns[:count]]
    if len(turns) > count:
        said.append(f"{len(turns) - count} more turned")
    if not turns:
        said.append("no vote changed" + "".join(f", most moved {_slide(move)}" for move in difference.moves[:1]))
    if difference.verdict is not difference.previous_verdict:
        said.append(f"{difference.previous_verdict} -> {difference.verdict}")
    return "; ".join([*said, _score(difference)])


def _score(difference: Difference) -> str:
    before, now = difference.previous_score, difference.score
    return (
        f"score unchanged at {now:.1f}" if before == now else f"score {before:.1f} -> {now:.1f} ({now - before:+.1f})"
    )


def _turn(move: Move) -> str:
    before, now = move.before, move.now
    if now.absent:
        return f"{_phrase(now)} ({now.absent})"
    if before.absent:
        return f"{_phrase(now)}, absent before"
    if now.vote or " level with " in now.rule:
        return _reworded(_phrase(now), _BEGAN)
    return _reworded(_phrase(before), _ENDED)


def _slide(move: Move) -> str:
    return f"{_phrase(move.now)} by {move.points:+.1f}"


def _phrase(reading: Reading) -> str:
    return reading.rule.partition(":")[0]


def _reworded(phrase: str, table: tuple[tuple[str, str], ...]) -> str:
    """The phrase by the first line of the table that fits it, unchanged where none does: it tells an event itself."""
    for pattern, words in table:
        if re.search(pattern, phrase):
            return re.sub(pattern, words, phrase)
    return phrase
