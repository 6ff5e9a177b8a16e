"""Evenings that come within minutes: the last real session, and one that ends in a moment because somebody said so."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from include.market.exchanges import EXCHANGES, Exchange
from include.market.sessions import last_completed_session
from include.storage.connection import Connection

CANDIDATES = {"XNYS": "JPM", "XBOM": "TCS.NS"}  # exchanges of the local Yahoo, with a ticker that it has


@dataclass(frozen=True, kw_only=True)
class Evening:
    """An exchange that is not at the end of its day now, its last real session, and one of today."""

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


def evening() -> Evening:
    """The first candidate whose day is well under way, and whose real session of today, if any, has not closed."""
    now = datetime.now(UTC)
    for name, ticker in CANDIDATES.items():
        exchange = EXCHANGES[name]
        local = now.astimezone(ZoneInfo(exchange.timezone))
        before = last_completed_session(exchange, now, delay=timedelta())
        # Airflow begins no run of a day that has not begun in UTC.
        if time(0, 5) < local.time() < time(23) and before < local.date() <= now.date():
            return Evening(exchange=exchange, ticker=ticker, before=before, today=local.date())
    raise AssertionError("from New York's close to midnight UTC no exchange has an evening to come")
