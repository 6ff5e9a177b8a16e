"""The price cache: prices that are final are fetched once, whoever wants them, and every job reads them here.

Only Yahoo is cached: the sample and the demo are local anyway.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from include.market.adjusting import adjusted
from include.market.fetching import Fetcher, RemoteSource, Wanted
from include.market.freshness import Patience, gap, has
from include.market.sources.question import reach
from include.model.bars import Bars
from include.model.errors import ErrorCode, Refusal
from include.model.prices import CachedSeries, Change, Delay
from include.settings import Settings
from include.storage.database import Database
from include.storage.prices import Span, read_series

CHANGE_IS_TOLD_FOR = timedelta(days=30)
HISTORY_CHANGED = "the source changed the history of"  # what the warning of such a result begins with


class CachedPrices:
    """Prices of a remote source, through the cache.

    `database` belongs to the caller, `pace_database` to the threads that fetch. `beat` is called every few seconds
    while prices are fetched or waited for, and may raise to end that.
    """

    def __init__(
        self,
        source: RemoteSource,
        database: Database,
        pace_database: Database,
        settings: Settings,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._source, self._database, self._settings = source, database, settings
        self._fetcher = Fetcher(source, database, pace_database, settings, beat)
        self._patience = Patience(recheck=settings.recheck_minutes * 60, dead=settings.dead_recheck_days * 86_400)

    def fetch(self, wanted: Mapping[str, date | None], bars: int) -> dict[str, Bars | Refusal | Delay]:
        """Bars, the reason why there are none, or when to ask again, for every ticker; see PriceSource.

        Everything that the cache has is one statement. Nothing is raised for a source that is away: its tickers are
        delayed.
        """
        now = datetime.now(UTC)
        spans = {ticker: Span(since=reach(day or now.date(), bars), until=day) for ticker, day in wanted.items()}
        cached = self._read(spans)
        missing = {
            ticker: Wanted(session=wanted[ticker], since=spans[ticker].since)
            for ticker, series in cached.items()
            if not _suffices(series, wanted[ticker], bars)
            and gap(series.state, wanted[ticker], spans[ticker].since, self._patience)
        }
        answers = {ticker: _answer(series, wanted[ticker], now) for ticker, series in cached.items()}
        if missing:
            instead = self._fetcher.fetch(missing, self._patience)
            fetched = self._read({ticker: spans[ticker] for ticker in missing if ticker not in instead})
            answers |= {ticker: _answer(series, wanted[ticker], now) for ticker, series in fetched.items()} | instead
        return answers

    def _read(self, spans: Mapping[str, Span]) -> dict[str, CachedSeries]:
        return self._database.run(lambda connection: read_series(connection, self._source.name, spans))


def _suffices(series: CachedSeries, session: date | None, bars: int) -> bool:
    """Whether there are bars enough up to a session: how far back they reach is reckoned with room to spare.

    So a session of some weeks ago needs no question to the source.
    """
    state = series.state
    if session is None or state.known_from is None or state.known_from > session:  # the last: what was forgotten
        return False
    return has(state, session) and series.history is not None and len(series.history) >= bars


def _answer(series: CachedSeries, session: date | None, now: datetime) -> Bars | Refusal | Delay:
    state = series.state
    if state.refusal and not has(state, session):
        code, message = state.refusal
        return Refusal(series.ticker, code, message + _since(series))
    if series.history is None:
        return Refusal(series.ticker, ErrorCode.NO_DATA, f"there are no prices of {series.ticker} for these dates")
    return adjusted(series.history, _notes(series.ticker, state.replaced, now))


def _since(series: CachedSeries) -> str:
    dead = series.state.dead_since
    if dead is None:
        return ""
    return f"; so in {series.state.misses} sessions, dead since {dead.date()}, and rarely asked for"


def _notes(ticker: str, change: Change | None, now: datetime) -> tuple[str, ...]:
    if change is None or now - change.at > CHANGE_IS_TOLD_FOR:
        return ()
    return (
        f"{HISTORY_CHANGED} {ticker}, seen on {change.at.date()} ({change.reason}): results from "
        "before that day are on the old prices",
    )
