"""Prices from Yahoo Finance for many tickers, some at a time."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import date, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from include.market.adjusting import adjusted
from include.market.pace import LocalPace, Pace
from include.market.sources.question import Question, reach
from include.model.bars import Bars, DataSource
from include.model.errors import ErrorCode, RateLimitedError, Refusal, SourceUnavailableError
from include.model.prices import Delay, PriceHistory

if TYPE_CHECKING:
    from include.market.sources.source import Clock
    from include.settings import Settings

REQUESTS_A_TICKER = 4
"""At most, and so how many timeouts: a cookie, a crumb, the time zone, the prices."""

LOOK_EVERY_SECONDS = 1.0

_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")

Found = PriceHistory | Refusal | Delay


class YahooSource:
    """Daily bars, one request a ticker, `fetch_threads` at a time; without a `pace` at the allowed rate by itself."""

    name = DataSource.YAHOO

    def __init__(self, settings: "Settings", clock: "Clock") -> None:
        self._settings = settings
        self._clock = clock

    def fetch(self, wanted: Mapping[str, date | None], bars: int) -> dict[str, Bars | Refusal]:
        """Bars or a refusal for every ticker; see PriceSource. Nothing is kept: the price cache does that."""
        today = self._clock().date()
        refused = [refusal for refusal in map(self.refuse, wanted) if refusal]
        questions = [
            Question(ticker=ticker, since=reach(day or today, bars))
            for ticker, day in wanted.items()
            if self.refuse(ticker) is None
        ]
        answers = list(self.ask(questions, LocalPace(self._settings.requests_per_minute)))
        _raise_when_away(answers)
        return {answer.ticker: _final(answer) for answer in (*refused, *answers)}

    def refuse(self, ticker: str) -> Refusal | None:
        """An ISIN is no symbol: yfinance would look for one, and answer with its prices."""
        if _ISIN.fullmatch(ticker):
            return Refusal(ticker, ErrorCode.UNKNOWN_TICKER, f"{ticker} is an ISIN: give the symbol, as AAPL or TCS.NS")
        return None

    def ask(
        self, questions: Sequence[Question], pace: Pace, beat: Callable[[], None] = lambda: None
    ) -> Iterator[Found]:
        """An answer for every question, in the order in which they come; `beat` is called about every second."""
        if not questions:
            return
        from include.market.sources.yahoo import YahooClient  # a second that a warm cache need not pay

        settings = self._settings
        cache_dir = settings.yahoo_cache_dir
        client = YahooClient(pace, settings.fetch_timeout_seconds, str(cache_dir) if cache_dir else None)
        final_before = self._clock() - timedelta(minutes=settings.close_delay_minutes)
        # No `with`: leaving it waits for requests that hang.
        pool = ThreadPoolExecutor(settings.fetch_threads, thread_name_prefix="yahoo")
        try:
            asked = {pool.submit(client.ask, question, final_before): question.ticker for question in questions}
            yield from self._answers(asked, beat)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _answers(self, asked: Mapping["Future[Found]", str], beat: Callable[[], None]) -> Iterator[Found]:
        open_ones = set(asked)
        last_answer = monotonic()
        while open_ones:
            done, open_ones = wait(open_ones, timeout=LOOK_EVERY_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                last_answer = monotonic()
                yield future.result()
            beat()
            if monotonic() - last_answer > self._patience():
                break
        for future in open_ones:
            yield _too_slow(asked[future])

    def _patience(self) -> float:
        """The longest time without any answer: every request has its timeout, unless the client itself hangs."""
        return REQUESTS_A_TICKER * self._settings.fetch_timeout_seconds + self._settings.fetch_wait_seconds


def _too_slow(ticker: str) -> Delay:
    message = f"Yahoo took too long to answer for {ticker}: try again later"
    return Delay(ticker, ErrorCode.SOURCE_UNAVAILABLE, message)


def _final(answer: Found) -> Bars | Refusal:
    if isinstance(answer, Delay):
        return Refusal(answer.ticker, answer.code, answer.message)
    return answer if isinstance(answer, Refusal) else adjusted(answer)


def _raise_when_away(answers: Sequence[Found]) -> None:
    delays = [answer for answer in answers if isinstance(answer, Delay)]
    if not delays or len(delays) < len(answers):
        return
    counts = Counter(delay.code for delay in delays)
    kind = SourceUnavailableError if ErrorCode.SOURCE_UNAVAILABLE in counts else RateLimitedError
    words = ", ".join(f"{count} {code}" for code, count in counts.items())
    raise kind(f"Yahoo answered for none of {len(answers)} tickers ({words}), the first one: {delays[0].message}")
