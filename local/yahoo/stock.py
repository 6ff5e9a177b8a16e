"""A share as Yahoo would describe it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Row:
    """One daily bar as Yahoo sends it: adjusted for splits, not for dividends. None stands for null."""

    day: date
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: int | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Stock:
    """A share and its history, oldest row first.

    `period` is the session (start, end) that Yahoo calls the current one and tells with each answer; None leaves it
    out. `opens` is when a session begins, in the time of `timezone`: Yahoo dates a bar by that moment. `dividends` are
    amounts a share, `splits` new and old shares, by the first day without the right to them; Yahoo gives amounts, as it
    gives prices, adjusted for later splits.
    """

    rows: tuple[Row, ...]
    currency: str = "USD"
    timezone: str = "America/New_York"
    exchange: str = "NMS"
    opens: time = time(9, 30)
    period: tuple[datetime, datetime] | None = None
    dividends: Mapping[date, float] = field(default_factory=dict)
    splits: Mapping[date, tuple[int, int]] = field(default_factory=dict)

    def epoch(self, day: date) -> int:
        """When the session of that day opens, in seconds since 1970."""
        return int(datetime.combine(day, self.opens, ZoneInfo(self.timezone)).timestamp())

    @cached_property
    def epochs(self) -> tuple[int, ...]:
        """The moment that dates each row."""
        return tuple(self.epoch(row.day) for row in self.rows)

    @cached_property
    def adjusted(self) -> tuple[float | None, ...]:
        """The close of each row less what dividends took out of the price since: factor 1 - dividend / close before."""
        waiting = sorted(self.dividends.items())
        factor, prices = 1.0, []
        for row in reversed(self.rows):
            while waiting and row.day < waiting[-1][0] and row.close:
                factor *= 1 - waiting.pop()[1] / row.close
            prices.append(None if row.close is None else row.close * factor)
        return tuple(reversed(prices))
