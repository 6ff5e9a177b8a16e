"""The universes of the sample's prices."""

from include.market.sources.sample import sample_tickers
from include.market.universes.universe import Members, Universe

# Complete in the sample, without a split in its year.
LEADERS_BY_SECTOR = {
    "Technology": "IBM TXN AMD",
    "Financials": "JPM BAC WFC C GS MS",
    "Energy": "XOM CVX COP SLB",
    "Consumer staples": "KO PEP PG WMT",
    "Consumer discretionary": "TGT HD LOW MCD NKE DIS",
    "Health care": "JNJ PFE MRK ABT LLY",
    "Industrials": "CAT DE BA GE HON MMM UPS FDX",
    "Materials": "DD DOW",
    "Telecommunications": "T VZ",
    "Utilities": "EXC SO",
}


def _leaders() -> Members:
    return Members(tickers=tuple(ticker for tickers in LEADERS_BY_SECTOR.values() for ticker in tickers.split()))


SAMPLES = (
    Universe(
        name="sample",
        title="All stocks of the sample",
        dated="2009-2010",
        description="524 US stocks with daily prices of August 2009 to August 2010, offline; some are incomplete",
        read=lambda: Members(tickers=sample_tickers()),
    ),
    Universe(
        name="sample_leaders",
        title="Leading stocks of the sample",
        dated="2009-2010",
        description="42 large US stocks in 10 sectors whose sample prices are complete",
        read=_leaders,
    ),
)
