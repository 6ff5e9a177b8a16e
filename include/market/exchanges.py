"""Which exchange a ticker trades on, read from its Yahoo symbol."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from types import MappingProxyType

from include.market import ticks
from include.model.bars import CENTS, Ticks

SATURDAY_SUNDAY = (5, 6)
FRIDAY_SATURDAY = (4, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Where and when a ticker trades.

    `calendar` is its name in exchange-calendars; None: no holidays are known, every day that is not of the `weekend`
    (0 is Monday) is a session. `close` is the usual end of a session, local time in `timezone`. Prices are in
    `currency`, and Yahoo quotes them in `minor` where that is another unit. `ticks` are in `currency`.
    """

    name: str
    calendar: str | None
    timezone: str
    close: time
    currency: str
    minor: str | None = None
    ticks: Ticks = CENTS
    weekend: tuple[int, ...] = SATURDAY_SUNDAY


def _listed(
    calendar: str,
    timezone: str,
    close: str,
    currency: str,
    steps: Ticks = CENTS,
    minor: str | None = None,
    weekend: tuple[int, ...] = SATURDAY_SUNDAY,
) -> Exchange:
    return Exchange(
        name=calendar,
        calendar=calendar,
        timezone=timezone,
        close=time.fromisoformat(close),
        currency=currency,
        minor=minor,
        ticks=steps,
        weekend=weekend,
    )


def _without_calendar(
    name: str, timezone: str, currency: str, weekend: tuple[int, ...] = SATURDAY_SUNDAY, minor: str | None = None
) -> Exchange:
    """An exchange whose holidays nobody tells us. At six in the evening it has closed, whatever its hours are."""
    return Exchange(
        name=name,
        calendar=None,
        timezone=timezone,
        close=time(18),
        currency=currency,
        minor=minor,
        weekend=weekend,
    )


NEW_YORK = _listed("XNYS", "America/New_York", "16:00", "USD")
# NSE and BSE have the same cash holidays; exchange-calendars knows BSE only.
INDIA = _listed("XBOM", "Asia/Kolkata", "15:30", "INR", ticks.INDIA)
LONDON = _listed("XLON", "Europe/London", "16:30", "GBP", minor="GBp")
TOKYO = _listed("XTKS", "Asia/Tokyo", "15:30", "JPY", ticks.TOKYO)
HONG_KONG = _listed("XHKG", "Asia/Hong_Kong", "16:00", "HKD", ticks.HONG_KONG)
KOREA = _listed("XKRX", "Asia/Seoul", "15:30", "KRW", ticks.KOREA)
XETRA = _listed("XETR", "Europe/Berlin", "17:30", "EUR")
# Frankfurt's floor and the other German exchanges, which trade into the evening.
GERMAN_FLOORS = _listed("XSTU", "Europe/Berlin", "22:00", "EUR")
PARIS = _listed("XPAR", "Europe/Paris", "17:30", "EUR")
AMSTERDAM = _listed("XAMS", "Europe/Amsterdam", "17:30", "EUR")
BRUSSELS = _listed("XBRU", "Europe/Brussels", "17:30", "EUR")
MILAN = _listed("XMIL", "Europe/Rome", "17:30", "EUR")
MADRID = _listed("XMAD", "Europe/Madrid", "17:30", "EUR")
LISBON = _listed("XLIS", "Europe/Lisbon", "16:30", "EUR")
VIENNA = _listed("XWBO", "Europe/Vienna", "17:30", "EUR")
DUBLIN = _listed("XDUB", "Europe/Dublin", "16:30", "EUR")
ZURICH = _listed("XSWX", "Europe/Zurich", "17:30", "CHF")
STOCKHOLM = _listed("XSTO", "Europe/Stockholm", "17:30", "SEK")
COPENHAGEN = _listed("XCSE", "Europe/Copenhagen", "17:00", "DKK")
OSLO = _listed("XOSL", "Europe/Oslo", "16:20", "NOK")
HELSINKI = _listed("XHEL", "Europe/Helsinki", "18:30", "EUR")
TORONTO = _listed("XTSE", "America/Toronto", "16:00", "CAD")
SYDNEY = _listed("XASX", "Australia/Sydney", "16:00", "AUD", ticks.AUSTRALIA)
AUCKLAND = _listed("XNZE", "Pacific/Auckland", "16:45", "NZD")
SHANGHAI = _listed("XSHG", "Asia/Shanghai", "15:00", "CNY")
TAIWAN = _listed("XTAI", "Asia/Taipei", "13:30", "TWD", ticks.TAIWAN)
SINGAPORE = _listed("XSES", "Asia/Singapore", "17:00", "SGD")
SAO_PAULO = _listed("BVMF", "America/Sao_Paulo", "18:00", "BRL")
MEXICO = _listed("XMEX", "America/Mexico_City", "15:00", "MXN")
JOHANNESBURG = _listed("XJSE", "Africa/Johannesburg", "17:00", "ZAR", minor="ZAc")
TEL_AVIV = _listed("XTAE", "Asia/Jerusalem", "17:15", "ILS", minor="ILA")

# Crypto currencies have a bar for each UTC day. Everything else without a calendar has one for each weekday, and is
# taken as complete when that day is over in UTC: every exchange has closed by then.
CRYPTO = Exchange(name="crypto", calendar=None, timezone="UTC", close=time.max, currency="USD", weekend=())
WEEKDAYS = Exchange(name="weekdays", calendar=None, timezone="UTC", close=time.max, currency="USD")

# Yahoo's suffixes: https://help.yahoo.com/kb/SLN2310.html
BY_SUFFIX: Mapping[str, Exchange] = MappingProxyType(
    {
        "NS": INDIA,
        "BO": INDIA,
        "L": LONDON,
        "IL": LONDON,
        "T": TOKYO,
        "HK": HONG_KONG,
        "KS": KOREA,
        "KQ": KOREA,
        "DE": XETRA,
        **dict.fromkeys(("F", "SG", "MU", "DU", "HM", "HA", "BE"), GERMAN_FLOORS),
        "PA": PARIS,
        "NX": PARIS,
        "AS": AMSTERDAM,
        "BR": BRUSSELS,
        "MI": MILAN,
        "MC": MADRID,
        "LS": LISBON,
        "VI": VIENNA,
        "IR": DUBLIN,
        "SW": ZURICH,
        "ST": STOCKHOLM,
        "CO": COPENHAGEN,
        "OL": OSLO,
        "HE": HELSINKI,
        "IC": _listed("XICE", "Atlantic/Reykjavik", "15:30", "ISK"),
        "TL": _listed("XTAL", "Europe/Tallinn", "16:00", "EUR"),
        "RG": _listed("XRIS", "Europe/Riga", "16:00", "EUR"),
        "VS": _listed("XLIT", "Europe/Vilnius", "16:00", "EUR"),
        "WA": _listed("XWAR", "Europe/Warsaw", "17:00", "PLN"),
        "PR": _listed("XPRA", "Europe/Prague", "16:20", "CZK"),
        "BD": _listed("XBUD", "Europe/Budapest", "17:00", "HUF"),
        "IS": _listed("XIST", "Europe/Istanbul", "18:00", "TRY"),
        **dict.fromkeys(("TO", "V", "CN", "NE"), TORONTO),
        "AX": SYDNEY,
        "XA": SYDNEY,
        "NZ": AUCKLAND,
        "SS": SHANGHAI,
        "SZ": SHANGHAI,
        "TW": TAIWAN,
        "TWO": TAIWAN,
        "SI": SINGAPORE,
        "JK": _listed("XIDX", "Asia/Jakarta", "15:50", "IDR"),
        "KL": _listed("XKLS", "Asia/Kuala_Lumpur", "17:00", "MYR"),
        "BK": _listed("XBKK", "Asia/Bangkok", "16:30", "THB"),
        "PS": _listed("XPHS", "Asia/Manila", "15:30", "PHP"),
        "KA": _listed("XKAR", "Asia/Karachi", "15:30", "PKR"),
        "SA": SAO_PAULO,
        "MX": MEXICO,
        "BA": _listed("XBUE", "America/Argentina/Buenos_Aires", "17:00", "ARS"),
        "SN": _listed("XSGO", "America/Santiago", "17:00", "CLP"),
        "CL": _listed("XBOG", "America/Bogota", "16:00", "COP"),
        "JO": JOHANNESBURG,
        "TA": TEL_AVIV,
        "SR": _listed("XSAU", "Asia/Riyadh", "15:00", "SAR", weekend=FRIDAY_SATURDAY),
        # exchange-calendars has none of these, or one that pandas 3.1 cannot compute.
        "AT": _without_calendar("ASEX", "Europe/Athens", "EUR"),
        "RO": _without_calendar("XBSE", "Europe/Bucharest", "RON"),
        "AE": _without_calendar("XDFM", "Asia/Dubai", "AED"),
        "QA": _without_calendar("DSMD", "Asia/Qatar", "QAR", FRIDAY_SATURDAY),
        "KW": _without_calendar("XKUW", "Asia/Kuwait", "KWD", FRIDAY_SATURDAY, "KWF"),
        "CA": _without_calendar("XCAI", "Africa/Cairo", "EGP", FRIDAY_SATURDAY),
        "VN": _without_calendar("XSTC", "Asia/Ho_Chi_Minh", "VND"),
    }
)
BY_INDEX: Mapping[str, Exchange] = MappingProxyType(
    {
        **dict.fromkeys(("^NSEI", "^NSEBANK", "^BSESN", "^INDIAVIX", "^NSMIDCP", "^CRSLDX"), INDIA),
        **dict.fromkeys(("^FTSE", "^FTMC", "^FTAS"), LONDON),
        "^N225": TOKYO,
        **dict.fromkeys(("^HSI", "^HSCE"), HONG_KONG),
        **dict.fromkeys(("^KS11", "^KQ11", "^KS200"), KOREA),
        **dict.fromkeys(("^GDAXI", "^MDAXI", "^SDAXI", "^TECDAX", "^STOXX50E", "^STOXX"), XETRA),
        **dict.fromkeys(("^FCHI", "^SBF120"), PARIS),
        "^AEX": AMSTERDAM,
        "^BFX": BRUSSELS,
        "^IBEX": MADRID,
        "^ATX": VIENNA,
        "^SSMI": ZURICH,
        "^OMX": STOCKHOLM,
        "^OMXH25": HELSINKI,
        "^OMXC25": COPENHAGEN,
        "^GSPTSE": TORONTO,
        **dict.fromkeys(("^AXJO", "^AORD"), SYDNEY),
        "^NZ50": AUCKLAND,
        "^TWII": TAIWAN,
        "^STI": SINGAPORE,
        "^BVSP": SAO_PAULO,
        "^MXX": MEXICO,
    }
)
_ALL = (NEW_YORK, *BY_SUFFIX.values())
EXCHANGES: Mapping[str, Exchange] = MappingProxyType({exchange.name: exchange for exchange in _ALL})

# Names of exchanges whose sessions are those of another one here.
SAME_SESSIONS: Mapping[str, Exchange] = MappingProxyType({"XNSE": INDIA, "XNAS": NEW_YORK, "XASE": NEW_YORK})

# What has no exchange has sessions, too.
_WITHOUT_EXCHANGE: Mapping[str, Exchange] = MappingProxyType({one.name: one for one in (CRYPTO, WEEKDAYS)})

_CRYPTO_PAIR = re.compile(r"[A-Z0-9]+-(USD|EUR|GBP|INR|JPY|CAD|AUD|BTC|ETH)")


def find_exchange(name: str) -> Exchange:
    """The exchange of a name as XNYS, also of one whose sessions are another one's; raises LookupError."""
    for known in (EXCHANGES, SAME_SESSIONS, _WITHOUT_EXCHANGE):
        if name in known:
            return known[name]
    allowed = sorted((*EXCHANGES, *SAME_SESSIONS, *_WITHOUT_EXCHANGE))
    raise LookupError(f"there is no exchange {name!r}; allowed: {', '.join(allowed)}")


def exchange_of(ticker: str) -> Exchange:
    """The exchange of a normalised ticker; no suffix means New York, an unknown one `WEEKDAYS`."""
    if _CRYPTO_PAIR.fullmatch(ticker):
        return CRYPTO
    _, dot, suffix = ticker.rpartition(".")
    if dot:
        return BY_SUFFIX.get(suffix, WEEKDAYS)
    if ticker.startswith("^"):
        return BY_INDEX.get(ticker, INDIA if ticker.startswith("^CNX") else NEW_YORK)
    return WEEKDAYS if "=" in ticker else NEW_YORK
