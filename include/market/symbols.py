"""What a ticker may look like, and what renamed ones are called now."""

import logging
import re
from collections.abc import Iterable, Mapping

log = logging.getLogger(__name__)

MAX_LENGTH = 32
ALLOWED = (
    f"a ticker has at most {MAX_LENGTH} characters: ASCII letters and digits, with single . - & = or _ between them "
    "and perhaps a ^ in front, as AAPL, BRK-B, TCS.NS, M&M.NS, 0700.HK, ^NSEI, EURUSD=X"
)

_TICKER = re.compile(r"\^?[A-Z0-9]+(?:[.&=_-][A-Z0-9]+)*")


def normalize_ticker(raw: object) -> str:
    """Trim and upper-case `raw`; raise ValueError, which says what is allowed, when it cannot be a ticker."""
    if not isinstance(raw, str):
        raise ValueError(f"{ALLOWED}; {type(raw).__name__} is not text")
    trimmed = raw.strip()
    # Upper-casing turns some letters of other alphabets into ASCII ones, so they are refused before it.
    ticker = trimmed.upper() if trimmed.isascii() else ""
    if len(ticker) > MAX_LENGTH or not _TICKER.fullmatch(ticker):
        raise ValueError(ALLOWED)
    return ticker


def apply_aliases(tickers: Iterable[str], aliases: Mapping[str, str]) -> tuple[str, ...]:
    """The tickers by the names that they have now, each once, in the order given; `aliases` maps old names to new ones.

    A ticker that was renamed twice gets its newest name. An alias that makes no sense changes nothing but the log.
    """
    known = _well_formed(aliases)
    found: dict[str, None] = {}
    for ticker in tickers:
        newest = _newest(ticker, known)
        if newest != ticker:
            log.info("%s is called %s now", ticker, newest)
        found[newest] = None
    return tuple(found)


def _well_formed(aliases: Mapping[str, str]) -> dict[str, str]:
    known = {}
    for old, new in aliases.items():
        try:
            known[normalize_ticker(old)] = normalize_ticker(new)
        except ValueError as error:
            log.warning("ticker_aliases has %r -> %r, which changes nothing: %s", old, new, error)
    return known


def _newest(ticker: str, aliases: Mapping[str, str]) -> str:
    names = [ticker]
    while (renamed := aliases.get(names[-1])) is not None:
        if renamed in names:
            log.warning("ticker_aliases leads in a circle, which changes nothing: %s", " -> ".join([*names, renamed]))
            return ticker
        names.append(renamed)
    return names[-1]
