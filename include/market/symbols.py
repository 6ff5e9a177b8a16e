"""What a ticker may look like."""

import re

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
