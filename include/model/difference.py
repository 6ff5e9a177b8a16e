"""What changed between two analyses of one ticker."""

from dataclasses import dataclass
from datetime import date

from include.model.analysis import Reading, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What of an analysis is compared with another one of the same ticker."""

    ticker: str
    strategy: str
    strategy_version: str
    session: date
    score: float
    verdict: Verdict
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One indicator in both analyses."""

    before: Reading
    now: Reading

    @property
    def points(self) -> float:
        """By how much its contribution to the score changed."""
        return self.now.contribution - self.before.contribution

    @property
    def is_turn(self) -> bool:
        """Whether it votes otherwise than before, or came, or went."""
        return self.now.vote != self.before.vote or (self.now.absent is None) != (self.before.absent is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two analyses of one ticker with one strategy: session, score and verdict of each, and what moved between.

    `moves` are the indicators that turned or whose contribution changed, the largest change first.
    """

    previous_session: date
    session: date
    previous_score: float
    score: float
    previous_verdict: Verdict
    verdict: Verdict
    moves: tuple[Move, ...]
