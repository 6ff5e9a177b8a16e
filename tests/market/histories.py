"""Price histories for tests, and a source that has them: it answers at once, and remembers what it was asked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from include.market.pace import Pace
from include.market.sources.question import Question
from include.model.bars import DataSource
from include.model.errors import ErrorCode, Refusal
from include.model.prices import Delay, PriceHistory

FIRST = date(2024, 1, 1)
Found = PriceHistory | Refusal | Delay


def weekdays(count: int, first: date = FIRST) -> list[date]:
    days = (first + timedelta(days=n) for n in range(count * 2 + 7))
    return [day for day in days if day.weekday() < 5][:count]


def history(ticker: str = "IBM", count: int = 300, seed: int = 1, **changed: Any) -> PriceHistory:
    """`count` bars from FIRST on, in dollars and cents, without dividends."""
    dice = np.random.default_rng(seed)
    close = np.round(100 + np.cumsum(dice.normal(0, 1, count)) + 50, 2)
    made = PriceHistory(
        ticker=ticker,
        source=DataSource.YAHOO,
        currency="USD",
        timezone="America/New_York",
        sessions=np.array(weekdays(count), "M8[D]"),
        open=np.round(close + 0.25, 2),
        high=np.round(close + 1, 2),
        low=np.round(close - 1, 2),
        close=close,
        volume=np.floor(dice.uniform(1000, 9000, count)),
        adjustment=np.ones(count),
    )
    return replace(made, **changed)


def part(whole: PriceHistory, since: date, until: date) -> PriceHistory:
    """The bars from `since` up to `until`."""
    rows = (whole.sessions >= np.datetime64(since)) & (whole.sessions <= np.datetime64(until))
    names = ("sessions", "open", "high", "low", "close", "volume", "adjustment")
    return replace(whole, **{name: getattr(whole, name)[rows] for name in names})


def with_dividend(before: PriceHistory, day: date, share: float = 0.01) -> PriceHistory:
    """The history as it is told from `day` on, when a dividend of that share of the price was taken out."""
    factor = np.where(before.sessions < np.datetime64(day), 1 - share, 1.0)
    return replace(before, adjustment=before.adjustment * factor)


def with_split(before: PriceHistory, day: date, new: int = 2) -> PriceHistory:
    """The history as it is told from `day` on, when there are `new` shares for each one; cheaper from then on too."""
    columns = {name: getattr(before, name) / new for name in ("open", "high", "low", "close")}
    return replace(before, **columns, volume=before.volume * new)


@dataclass
class ScriptedSource:
    """Tells `answers` up to the day `today`; a ticker without one is unknown."""

    answers: Mapping[str, PriceHistory | Delay | Refusal]
    today: date = date(2030, 1, 1)
    asked: list[Question] = field(default_factory=list)
    name: DataSource = DataSource.YAHOO
    during: Callable[[Question], None] = lambda question: None

    def refuse(self, ticker: str) -> Refusal | None:
        return None

    def ask(self, questions: Sequence[Question], pace: Pace, beat: Callable[[], None]) -> Iterator[Found]:
        for question in questions:
            self.asked.append(question)
            self.during(question)
            yield self._answer(question)
            beat()

    def _answer(self, question: Question) -> Found:
        unknown = Refusal(question.ticker, ErrorCode.UNKNOWN_TICKER, f"Yahoo does not know {question.ticker}")
        answer = self.answers.get(question.ticker, unknown)
        if not isinstance(answer, PriceHistory):
            return answer
        told = part(answer, question.since, self.today)
        return told if len(told) else Refusal(question.ticker, ErrorCode.NO_DATA, f"no prices of {question.ticker}")

    @property
    def tickers_asked(self) -> list[str]:
        return [question.ticker for question in self.asked]
