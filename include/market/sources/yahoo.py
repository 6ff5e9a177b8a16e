"""Live prices from Yahoo Finance. The only file that knows yfinance.

yfinance hides or blurs what went wrong; here every failure of a ticker gets its own code. Its README allows personal
use only.
"""

import logging
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import date, timedelta
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, Any

import yfinance
from yfinance.exceptions import YFPricesMissingError, YFRateLimitError, YFTickerMissingError

from include.market.exchanges import WEEKDAYS, exchange_of
from include.market.sources.yahoo_answer import bars_from
from include.model.bars import Bars, DataSource
from include.model.errors import ErrorCode, RateLimitedError, Refusal, SourceUnavailableError

if TYPE_CHECKING:
    from include.market.sources.source import Clock
    from include.settings import Settings

log = logging.getLogger(__name__)

RETRY_HELPS = {ErrorCode.RATE_LIMITED, ErrorCode.SOURCE_UNAVAILABLE}
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")


class YahooSource:
    """Adjusted daily bars, one request a ticker, `fetch_threads` at a time."""

    name = DataSource.YAHOO

    def __init__(self, settings: "Settings", clock: "Clock") -> None:
        self._threads = settings.fetch_threads
        self._timeout = settings.fetch_timeout_seconds
        self._clock = clock
        _configure(str(settings.yahoo_cache_dir) if settings.yahoo_cache_dir else None)

    def fetch(self, wanted: Mapping[str, date | None], bars: int) -> dict[str, Bars | Refusal]:
        """Bars or a refusal for every ticker; see PriceSource."""
        _hush()
        # No `with`: leaving it waits for requests that hang.
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="yahoo")
        asked = {ticker: pool.submit(self._one, ticker, session, bars) for ticker, session in wanted.items()}
        wait(asked.values(), timeout=self._patience(len(asked)))
        pool.shutdown(wait=False, cancel_futures=True)
        answers = {ticker: _answer(ticker, future) for ticker, future in asked.items()}
        _raise_when_away(answers)
        return answers

    def _patience(self, tickers: int) -> float:
        """Seconds for all tickers: yfinance asks twice when it meets an error, and for a cookie before the first."""
        return self._timeout * (1 + 2 * ceil(tickers / self._threads))

    def _one(self, ticker: str, session: date | None, bars: int) -> Bars | Refusal:
        """One ticker; the border where whatever goes wrong stays with this ticker."""
        if _ISIN.fullmatch(ticker):  # yfinance would look for another symbol and answer with its prices
            return Refusal(ticker, ErrorCode.UNKNOWN_TICKER, f"{ticker} is an ISIN: give the symbol, as AAPL or TCS.NS")
        now = self._clock()
        # A year has at least 240 sessions. No `end`: yfinance would keep the reply, a failed one too, and a retry in
        # this process would ask nothing.
        start = (session or now.date()) - timedelta(days=30 + ceil(bars * 365 / 240))
        try:
            history, metadata = _ask(ticker, start, self._timeout)
        except Exception as error:
            return _refusal(ticker, error)
        try:
            return bars_from(ticker, history, metadata, now)
        except Exception as error:
            log.exception("%s: the prices could not be read", ticker)
            return Refusal(ticker, ErrorCode.INTERNAL_ERROR, f"the prices could not be read: {error!r}")


def _ask(ticker: str, start: date, timeout: float) -> tuple[Any, Mapping[str, Any]]:
    client = yfinance.Ticker(ticker)
    exchange = exchange_of(ticker)
    if exchange is not WEEKDAYS:
        # Saves the request that only asks for the time zone, whose timeout cannot be set. Yahoo's reply has the true
        # one, and bars are dated by that.
        client._tz = exchange.timezone
    history = client.history(start=start.isoformat(), auto_adjust=True, actions=False, timeout=timeout)
    return history, client.history_metadata


def _answer(ticker: str, asked: "Future[Bars | Refusal]") -> Bars | Refusal:
    if asked.done() and not asked.cancelled():
        return asked.result()
    return Refusal(ticker, ErrorCode.SOURCE_UNAVAILABLE, f"Yahoo took too long to answer for {ticker}: try again later")


def _refusal(ticker: str, error: Exception) -> Refusal:
    """The error in our words: yfinance's "possibly delisted" is a guess, so it goes to the log alone."""
    code = _code(error)
    log.warning("%s: %s: %r", ticker, code, error)
    sentence = {
        ErrorCode.RATE_LIMITED: f"Yahoo refused {ticker}, it got too many requests: try again in some minutes",
        ErrorCode.UNKNOWN_TICKER: f"Yahoo does not know {ticker}: check the symbol and its suffix, as in TCS.NS",
        ErrorCode.NO_DATA: f"Yahoo has no prices of {ticker} for these dates",
        ErrorCode.SOURCE_UNAVAILABLE: f"Yahoo gave no usable answer for {ticker}, try again later: "
        f"{type(error).__name__}, {str(error)[:100]}",
    }[code]
    return Refusal(ticker, code, sentence)


def _code(error: Exception) -> ErrorCode:
    """What an error of yfinance means."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, YFRateLimitError) or status == 429:
        return ErrorCode.RATE_LIMITED
    if isinstance(error, YFPricesMissingError):
        return _code_of_words(error.rationale.lower())
    if isinstance(error, YFTickerMissingError) or status == 404:
        return ErrorCode.UNKNOWN_TICKER
    return ErrorCode.SOURCE_UNAVAILABLE


def _code_of_words(words: str) -> ErrorCode:
    """`words` are Yahoo's own, or yfinance's "no price data found" when the reply was fine and had no rows."""
    if words.startswith("no data found, symbol may be delisted"):
        return ErrorCode.UNKNOWN_TICKER
    if words.startswith(("no price data found", "no data found", "data doesn't exist")):
        return ErrorCode.NO_DATA
    return ErrorCode.SOURCE_UNAVAILABLE


def _raise_when_away(answers: Mapping[str, Bars | Refusal]) -> None:
    refusals = [answer for answer in answers.values() if isinstance(answer, Refusal) and answer.code in RETRY_HELPS]
    if not refusals or len(refusals) < len(answers):
        return
    counts = Counter(refusal.code for refusal in refusals)
    kind = SourceUnavailableError if ErrorCode.SOURCE_UNAVAILABLE in counts else RateLimitedError
    words = ", ".join(f"{count} {code}" for code, count in counts.items())
    raise kind(f"Yahoo answered for none of {len(answers)} tickers ({words}), the first one: {refusals[0].message}")


@lru_cache(maxsize=1)
def _configure(cache_dir: str | None) -> None:
    """Make yfinance raise instead of answering with an empty frame; its caches go to one folder a machine."""
    yfinance.config.debug.hide_exceptions = False
    if cache_dir:
        yfinance.set_tz_cache_location(cache_dir)


def _hush() -> None:
    """yfinance uses what pandas has deprecated, and switches such warnings on when it is imported."""
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="yfinance")
