"""Which exchange a ticker trades on, read from its Yahoo symbol."""

import re
from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Where and when a ticker trades.

    `calendar` is its name in exchange-calendars; None: no holidays are known, every weekday is a session, or every
    day when `every_day`. `close` is the usual end of a session, local time in `timezone`.
    """

    name: str
    calendar: str | None
    timezone: str
    close: time
    currency: str
    tick: float = 0.01
    every_day: bool = False


def _listed(calendar: str, timezone: str, close: str, currency: str, tick: float = 0.01) -> Exchange:
    return Exchange(
        name=calendar,
        calendar=calendar,
        timezone=timezone,
        close=time.fromisoformat(close),
        currency=currency,
        tick=tick,
    )


NEW_YORK = _listed("XNYS", "America/New_York", "16:00", "USD")
# NSE and BSE have the same cash holidays; exchange-calendars knows BSE only.
INDIA = _listed("XBOM", "Asia/Kolkata", "15:30", "INR", 0.05)
LONDON = _listed("XLON", "Europe/London", "16:30", "GBP")
TOKYO = _listed("XTKS", "Asia/Tokyo", "15:30", "JPY")
HONG_KONG = _listed("XHKG", "Asia/Hong_Kong", "16:00", "HKD")
KOREA = _listed("XKRX", "Asia/Seoul", "15:30", "KRW")
FRANKFURT = _listed("XETR", "Europe/Berlin", "17:30", "EUR")
PARIS = _listed("XPAR", "Europe/Paris", "17:30", "EUR")
TORONTO = _listed("XTSE", "America/Toronto", "16:00", "CAD")
SYDNEY = _listed("XASX", "Australia/Sydney", "16:00", "AUD")
SHANGHAI = _listed("XSHG", "Asia/Shanghai", "15:00", "CNY")

# Crypto currencies have a bar for each UTC day. Everything else without a calendar has one for each weekday, and is
# taken as complete when that day is over in UTC: every exchange has closed by then.
CRYPTO = Exchange(name="crypto", calendar=None, timezone="UTC", close=time.max, currency="USD", every_day=True)
WEEKDAYS = Exchange(name="weekdays", calendar=None, timezone="UTC", close=time.max, currency="USD")

BY_SUFFIX = {
    "NS": INDIA,
    "BO": INDIA,
    "L": LONDON,
    "T": TOKYO,
    "HK": HONG_KONG,
    "KS": KOREA,
    "KQ": KOREA,
    "DE": FRANKFURT,
    "PA": PARIS,
    "TO": TORONTO,
    "AX": SYDNEY,
    "SS": SHANGHAI,
    "SZ": SHANGHAI,
    "AS": _listed("XAMS", "Europe/Amsterdam", "17:30", "EUR"),
    "BR": _listed("XBRU", "Europe/Brussels", "17:30", "EUR"),
    "MI": _listed("XMIL", "Europe/Rome", "17:30", "EUR"),
    "MC": _listed("XMAD", "Europe/Madrid", "17:30", "EUR"),
    "LS": _listed("XLIS", "Europe/Lisbon", "16:30", "EUR"),
    "SW": _listed("XSWX", "Europe/Zurich", "17:30", "CHF"),
    "ST": _listed("XSTO", "Europe/Stockholm", "17:30", "SEK"),
    "CO": _listed("XCSE", "Europe/Copenhagen", "17:00", "DKK"),
    "OL": _listed("XOSL", "Europe/Oslo", "16:20", "NOK"),
    "HE": _listed("XHEL", "Europe/Helsinki", "18:30", "EUR"),
    "JO": _listed("XJSE", "Africa/Johannesburg", "17:00", "ZAR"),
    "TA": _listed("XTAE", "Asia/Jerusalem", "17:15", "ILS"),
    "SA": _listed("BVMF", "America/Sao_Paulo", "18:00", "BRL"),
    "MX": _listed("XMEX", "America/Mexico_City", "15:00", "MXN"),
    "TW": _listed("XTAI", "Asia/Taipei", "13:30", "TWD"),
    "SI": _listed("XSES", "Asia/Singapore", "17:00", "SGD"),
    "NZ": _listed("XNZE", "Pacific/Auckland", "16:45", "NZD"),
}
BY_INDEX = {
    "^NSEI": INDIA,
    "^NSEBANK": INDIA,
    "^BSESN": INDIA,
    "^INDIAVIX": INDIA,
    "^FTSE": LONDON,
    "^N225": TOKYO,
    "^HSI": HONG_KONG,
    "^KS11": KOREA,
    "^GDAXI": FRANKFURT,
    "^FCHI": PARIS,
    "^STOXX50E": FRANKFURT,
    "^GSPTSE": TORONTO,
    "^AXJO": SYDNEY,
}

_CRYPTO_PAIR = re.compile(r"[A-Z0-9]+-(USD|EUR|GBP|INR|JPY|CAD|AUD|BTC|ETH)")


def exchange_of(ticker: str) -> Exchange:
    """The exchange of a normalised ticker; no suffix means New York, an unknown one `WEEKDAYS`."""
    if ticker.startswith("^"):
        return BY_INDEX.get(ticker, INDIA if ticker.startswith("^CNX") else NEW_YORK)
    if _CRYPTO_PAIR.fullmatch(ticker):
        return CRYPTO
    _, dot, suffix = ticker.rpartition(".")
    if dot:
        return BY_SUFFIX.get(suffix, WEEKDAYS)
    return WEEKDAYS if "=" in ticker else NEW_YORK
