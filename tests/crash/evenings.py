"""Evenings that come within minutes: the last real session, and one that ends in a moment because somebody said so."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from include.market.calendars import session_ends
from include.market.exchanges import EXCHANGES, Exchange
from include.storage.connection import Connection

CANDIDATES = {"XNYS": "JPM", "XBOM": "TCS.NS"}  # exchanges of the local Yahoo, with a ticker that it has


@dataclass(frozen=True, kw_only=True)
class Evening:
    """An exchange in the middle of its day, the last session before today, and one of today that is made up."""

    exchange: Exchange
    ticker: str
    before: date
    today: date

    @property
    def dag_id(self) -> str:
        return f"stocks_daily_{self.exchange.name.lower()}"

    def run_id(self, day: date) -> str:
        return f"scheduled__{self.exchange.name}__{day}"

    def close_in(self, operator: Connection, seconds: float) -> datetime:
        """Have today's session end so many seconds from now."""
        local = datetime.now(ZoneInfo(self.exchange.timezone)) + timedelta(seconds=seconds)
        operator.execute(
            "INSERT INTO calendar_overrides (exchange, day, is_session, closes_at, note)"
            " VALUES (%s, %s, true, %s, 'a short day')",
            [self.exchange.name, self.today, local.time()],
        )
        return local.astimezone(UTC)

    @property
    def source_now(self) -> datetime:
        """A moment at which the source has the session before, and nothing of today yet: also when that has closed."""
        (end,) = session_ends(self.exchange, self.before, self.before).values()
        return end + timedelta(hours=1)


def evening() -> Evening:
    """The first candidate whose day is well under way, here and in UTC: Airflow begins no run of a day to come."""
    now = datetime.now(UTC)
    for name, ticker in CANDIDATES.items():
        exchange = EXCHANGES[name]
        local = now.astimezone(ZoneInfo(exchange.timezone))
        today = local.date()
        if time(0, 5) < local.time() < time(23) and today <= now.date():
            sessions = session_ends(exchange, today - timedelta(days=20), today - timedelta(days=1))
            return Evening(exchange=exchange, ticker=ticker, before=max(sessions), today=today)
    raise AssertionError("New York and Mumbai have ten and a half hours between them")
