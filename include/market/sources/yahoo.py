"""The client of Yahoo Finance. The only file that knows yfinance.

yfinance hides or blurs what went wrong, and asks more than once when it meets an error; here every failure has its own
code, and every request its turn. Its README allows personal use only.
"""

import json
import logging
import warnings
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import yfinance
from curl_cffi import requests
from yfinance.exceptions import YFPricesMissingError, YFRateLimitError, YFTickerMissingError

from include.market.exchanges import WEEKDAYS, exchange_of
from include.market.pace import GivenUpError, NotNowError, Pace
from include.market.sources.question import Question
from include.market.sources.yahoo_answer import history_from
from include.model.errors import ErrorCode, Refusal
from include.model.prices import Delay, PriceHistory
from include.storage.connection import DatabaseError

log = logging.getLogger(__name__)

CHART = "/v8/finance/chart/"
TOO_MANY = 429
COOKIES_MAY_HELP = (401, 403)  # then yfinance asks again with other ones
RETRY_HELPS = {ErrorCode.RATE_LIMITED, ErrorCode.SOURCE_UNAVAILABLE}


class YahooClient:
    """Asks for one ticker at a time; threads may share it."""

    def __init__(self, pace: Pace, timeout: float, cache_dir: str | None) -> None:
        _configure(cache_dir)
        self._session = _Session(pace, timeout)

    def ask(self, question: Question, final_before: datetime) -> PriceHistory | Refusal | Delay:
        """The bars of sessions that ended before `final_before`; the border where what goes wrong stays with a ticker.

        A Refusal is Yahoo's word on the ticker. A Delay says that another try may help.
        """
        ticker = question.ticker
        try:
            frame, metadata = self._history(question)
        except NotNowError as error:
            return Delay(ticker, error.code, str(error), error.seconds)
        except GivenUpError as error:
            return Refusal(ticker, error.code, str(error))
        except DatabaseError:  # of the pace: it says nothing of Yahoo
            raise
        except Exception as error:
            return _failure(ticker, error)
        try:
            return history_from(ticker, frame, metadata, final_before)
        except Exception as error:
            log.exception("%s: the prices could not be read", ticker)
            return Refusal(ticker, ErrorCode.INTERNAL_ERROR, f"the prices could not be read: {error!r}")

    def _history(self, question: Question) -> tuple[Any, Mapping[str, Any]]:
        _hush()
        client = yfinance.Ticker(question.ticker, session=self._session)
        # Saves the request that only asks for the time zone. Yahoo's reply has the true one, and bars are dated by it.
        client._tz = question.timezone or _known_timezone(question.ticker)
        # No `end`: yfinance would keep the reply, a failed one too, and a retry in this process would ask nothing.
        # Not adjusted: an adjusted price of the past changes with every dividend.
        frame = client.history(start=question.since.isoformat(), auto_adjust=False, actions=False)
        return frame, client.history_metadata


class _YahooError(Exception):
    """Yahoo refused a request."""

    def __init__(self, status: int, body: str) -> None:
        self.status = status
        super().__init__(f"HTTP {status}: {body[:100]}")


class _NotFoundError(_YahooError):
    """Yahoo has no such prices, and says why."""

    def __init__(self, status: int, body: str, words: str) -> None:
        self.words = words
        super().__init__(status, body)


class _Session(requests.Session[requests.Response]):
    """What yfinance sends its requests with: each one, those for cookies too, waits for its turn and has the timeout.

    An error is raised here, at once: yfinance would ask the same again with other cookies, and other things besides.
    """

    def __init__(self, pace: Pace, timeout: float) -> None:
        super().__init__(impersonate="chrome")
        self._pace, self._longest = pace, timeout

    def request(self, method: Any, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        self._pace.turn()
        kwargs["timeout"] = self._longest
        response = super().request(method, url, *args, **kwargs)
        status = response.status_code
        if status == TOO_MANY:
            raise _YahooError(status, response.text)
        if CHART in url and status >= 400 and status not in COOKIES_MAY_HELP:
            raise _refused(status, response.text)
        return response


def _refused(status: int, body: str) -> _YahooError:
    """Yahoo says in JSON why it has no prices; what comes from anybody else says nothing of the ticker."""
    try:
        words = json.loads(body)["chart"]["error"]["description"]
    except (ValueError, KeyError, TypeError):
        words = None
    if isinstance(words, str) and status < 500:
        return _NotFoundError(status, body, words)
    return _YahooError(status, body)


def _known_timezone(ticker: str) -> str | None:
    exchange = exchange_of(ticker)
    return None if exchange is WEEKDAYS else exchange.timezone


def _failure(ticker: str, error: Exception) -> Refusal | Delay:
    """The error in our words: yfinance's "possibly delisted" is a guess, so it goes to the log alone."""
    code = _code(error)
    log.warning("%s: %s: %r", ticker, code, error)
    sentence = {
        ErrorCode.RATE_LIMITED: f"Yahoo refused {ticker}, it got too many requests: try again in some minutes",
        ErrorCode.UNKNOWN_TICKER: f"Yahoo does not know {ticker}: check the symbol and its suffix, as in TCS.NS",
        ErrorCode.NO_DATA: f"Yahoo has no prices of {ticker} for these dates",
        ErrorCode.SOURCE_UNAVAILABLE: f"Yahoo gave no usable answer for {ticker}, try again later: "
        f"{type(error).__name__.lstrip('_')}, {str(error)[:100]}",
    }[code]
    return Delay(ticker, code, sentence) if code in RETRY_HELPS else Refusal(ticker, code, sentence)


def _code(error: Exception) -> ErrorCode:
    """What an error of yfinance, or of its session, means."""
    if isinstance(error, _NotFoundError):
        return _code_of_words(error.words.lower())
    if isinstance(error, YFRateLimitError) or (isinstance(error, _YahooError) and error.status == TOO_MANY):
        return ErrorCode.RATE_LIMITED
    if isinstance(error, YFPricesMissingError):
        return _code_of_words(error.rationale.lower())
    if isinstance(error, YFTickerMissingError):
        return ErrorCode.UNKNOWN_TICKER
    return ErrorCode.SOURCE_UNAVAILABLE


def _code_of_words(words: str) -> ErrorCode:
    """`words` are Yahoo's own, or yfinance's "no price data found" when the reply was fine and had no rows."""
    if words.startswith("no data found, symbol may be delisted"):
        return ErrorCode.UNKNOWN_TICKER
    if words.startswith(("no price data found", "no data found", "data doesn't exist")):
        return ErrorCode.NO_DATA
    return ErrorCode.SOURCE_UNAVAILABLE


@lru_cache(maxsize=1)
def _configure(cache_dir: str | None) -> None:
    """Make yfinance raise instead of answering with an empty frame; its caches go to one folder a machine."""
    yfinance.config.debug.hide_exceptions = False
    if cache_dir:
        yfinance.set_tz_cache_location(cache_dir)


def _hush() -> None:
    """yfinance uses what pandas has deprecated, and switches such warnings on when it is imported."""
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="yfinance")
