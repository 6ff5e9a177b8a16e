"""What changed on a watchlist from one session to the next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import assert_never

from include.model.analysis import Verdict
from include.model.bars import DataSource


class ChangeKind(StrEnum):
    """What happened to a ticker; what matters most comes first.

    `stop` and `target`: a price reached that level of an earlier plan. `new` is the first analysis there is, `dropped`
    a Buy that is none any more, `flipped` any other change of the verdict. `incomparable`: the source has changed its
    prices since the plan of the session before, in a way that its levels cannot follow.
    """

    STOP = "stop"
    TARGET = "target"
    NEW_BUY = "new_buy"
    DROPPED = "dropped"
    FLIPPED = "flipped"
    FAILED = "failed"
    RECOVERED = "recovered"
    INCOMPARABLE = "incomparable"
    NEW = "new"

    @property
    def words(self) -> tuple[str, str]:
        """What one of them is called, and several."""
        return _WORDS[self]


_WORDS = {
    ChangeKind.STOP: ("stop reached", "stops reached"),
    ChangeKind.TARGET: ("target reached", "targets reached"),
    ChangeKind.NEW_BUY: ("new Buy", "new Buys"),
    ChangeKind.DROPPED: ("Buy dropped", "Buys dropped"),
    ChangeKind.FLIPPED: ("other verdict", "other verdicts"),
    ChangeKind.FAILED: ("new failure", "new failures"),
    ChangeKind.RECOVERED: ("analysed again", "analysed again"),
    ChangeKind.INCOMPARABLE: ("plan not comparable", "plans not comparable"),
    ChangeKind.NEW: ("first analysis", "first analyses"),
}


class PriceBasis(StrEnum):
    """Which price of a session reached a level: the close where no bar is stored."""

    HIGH = "high"
    LOW = "low"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one ticker of a list, with the name and notes that its owner gave it.

    It is against `previous_session`, of the same strategy and source. For `stop` and `target`, `level` of the plan of
    `plan_session` was reached on `reached_on` by `price`; `adjustment` is what splits and dividends since have
    multiplied the level by, 1 where nothing has.
    """

    ticker: str
    name: str | None
    notes: str | None
    list: str
    kind: ChangeKind
    session_date: date
    strategy: str
    data_source: DataSource
    job_id: str | None
    noticed_at: datetime
    verdict: Verdict | None
    score: float | None
    previous_session: date | None
    previous_verdict: Verdict | None
    previous_score: float | None
    plan_session: date | None
    level: float | None
    adjustment: float | None
    reached_on: date | None
    price: float | None
    basis: PriceBasis | None
    error_code: str | None
    message: str | None


def count_in_words(counts: Iterable[tuple[ChangeKind, int]]) -> str:
    """As `2 new Buys, 1 stop reached`, what matters most first; empty without any."""
    found = dict(counts)
    return ", ".join(f"{found[kind]} {kind.words[found[kind] > 1]}" for kind in ChangeKind if found.get(kind))


def describe(change: Change) -> str:
    """What happened to a ticker, in half a sentence."""
    match change.kind:
        case ChangeKind.STOP | ChangeKind.TARGET:
            return _level(change)
        case ChangeKind.NEW_BUY | ChangeKind.DROPPED | ChangeKind.FLIPPED:
            return f"{change.previous_verdict} -> {change.verdict}, score {change.previous_score} -> {change.score}" + (
                f" ({change.message})" if change.message else ""
            )
        case ChangeKind.FAILED:
            return f"{change.message} ({change.error_code})"
        case ChangeKind.INCOMPARABLE:
            return str(change.message)
        case ChangeKind.RECOVERED | ChangeKind.NEW:
            return f"{change.verdict}, score {change.score}"
        case _:
            assert_never(change.kind)


def _level(change: Change) -> str:
    level, price = _price(change.level), _price(change.price)
    adjusted = "" if change.adjustment in (None, 1) else f", adjusted by {change.adjustment:.6g} since"
    day = "" if change.reached_on == change.session_date else f" on {change.reached_on}"
    plan = f"{level} of the plan of {change.plan_session}{adjusted}"
    return f"{change.basis} {price}{day} reached {plan}; now {change.verdict}"


def _price(value: float | None) -> str:
    if value is None:
        return "?"
    return f"{value:.2f}" if value >= 1 else f"{value:.6g}"
