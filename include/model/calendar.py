"""What an operator knows better than a calendar: days on which an exchange is closed, or open, against its rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOverride:
    """One day of one exchange: closed, or a session, which ends at `closes_at` (local; None: as usual)."""

    exchange: str
    day: date
    is_session: bool
    closes_at: time | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class CalendarOverrides:
    """Every override that is known, read once by whoever asks for sessions."""

    entries: tuple[SessionOverride, ...] = ()

    def of(self, exchange: str) -> Mapping[date, SessionOverride]:
        """Those of one exchange, by day."""
        return {entry.day: entry for entry in self.entries if entry.exchange == exchange}


NO_OVERRIDES = CalendarOverrides()
