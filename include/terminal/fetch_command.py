"""`python -m include.market fetch sp500`: fills the price cache, at the pace that all jobs keep together."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from include.market.prices import open_prices
from include.market.sessions import resolve_sessions
from include.model.bars import Bars, DataSource
from include.model.errors import Refusal
from include.model.prices import Delay
from include.settings import settings
from include.storage.calendars import calendar_overrides
from include.storage.database import Database
from include.storage.prices import forget
from include.terminal.console import console
from include.terminal.stocks import stocks, tickers_of

PORTION = 25
TRIES = 3
LONGEST_SLEEP = 5.0  # between two looks at whether the pause is over


def run(arguments: Sequence[str]) -> int:
    """Fetch what is missing; 1 when the source had nothing for a ticker."""
    options = _parser().parse_args(arguments)
    tickers = tickers_of(options.tickers)
    with stocks() as database, stocks() as beside:
        if options.anew:
            database.run(lambda connection: forget(connection, DataSource.YAHOO, tickers))
        overrides = database.run(calendar_overrides)
        sessions = resolve_sessions(tickers, DataSource.YAHOO, None, datetime.now(UTC), overrides=overrides)
        try:
            found = _fetch(database, beside, sessions, options.bars)
        except KeyboardInterrupt:
            print("stopped; what is there stays", file=sys.stderr)
            return 1
    return _report(found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.market fetch",
        description="Fetch from Yahoo what the price cache lacks, up to the last completed session. Jobs that run "
        "meanwhile share the requests a minute. It may be stopped at any moment: what is there stays.",
    )
    parser.add_argument("tickers", nargs="+", metavar="UNIVERSE|TICKER", help="one universe, or tickers")
    parser.add_argument("--bars", type=int, default=settings().lookback_bars, metavar="N", help="how far back")
    parser.add_argument("--anew", action="store_true", help="fetch whole histories again, whatever is cached")
    return parser


def _fetch(
    database: Database, beside: Database, sessions: Mapping[str, date], bars: int
) -> dict[str, Bars | Refusal | Delay]:
    """Portion by portion, so that a stop loses little; what failed is tried again at the end."""
    prices = open_prices(DataSource.YAHOO, database, beside, lambda: None)
    answers: dict[str, Bars | Refusal | Delay] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console()) as bar:
        shown = bar.add_task("Fetching", total=len(sessions))
        for _ in range(TRIES):
            open_ones = [t for t in sessions if t not in answers or isinstance(answers[t], Delay)]
            while open_ones:
                portion, open_ones = open_ones[:PORTION], open_ones[PORTION:]
                found = prices.fetch({ticker: sessions[ticker] for ticker in portion}, bars)
                waiting = [answer for answer in found.values() if isinstance(answer, Delay) and answer.seconds]
                answers.update(found)
                bar.update(shown, completed=sum(not isinstance(answer, Delay) for answer in answers.values()))
                if waiting:
                    bar.update(shown, description=waiting[0].message[:60])
                    time.sleep(min(LONGEST_SLEEP, *(answer.seconds or 0.0 for answer in waiting)))
                    bar.update(shown, description="Fetching")
                    open_ones = [answer.ticker for answer in waiting] + open_ones
    return answers


def _report(answers: Mapping[str, Bars | Refusal | Delay]) -> int:
    without = [answer for answer in answers.values() if not isinstance(answer, Bars)]
    for answer in sorted(without, key=lambda answer: answer.ticker):
        print(f"{answer.ticker}: {answer.message} ({answer.code})", file=sys.stderr)
    codes = ", ".join(f"{count} {code}" for code, count in Counter(answer.code for answer in without).most_common())
    print(f"{len(answers) - len(without)} of {len(answers)} tickers are there{f'; {codes}' if codes else ''}")
    return 1 if without else 0
