"""From prices as they are quoted to the bars of an analysis. The one place where prices are computed with.

Whoever reads prices comes through here, from the cache or straight from a source, so that the same prices are the
same bars to the last digit.
"""

from include.market.currencies import major_unit
from include.market.exchanges import exchange_of
from include.model.bars import Bars
from include.model.prices import PriceHistory


def adjusted(history: PriceHistory, notes: tuple[str, ...] = ()) -> Bars:
    """The bars, adjusted for dividends, in the major unit of their currency."""
    currency, units = major_unit(history.currency)
    return Bars(
        ticker=history.ticker,
        source=history.source,
        currency=currency,
        sessions=history.sessions,
        open=history.open * history.adjustment / units,
        high=history.high * history.adjustment / units,
        low=history.low * history.adjustment / units,
        close=history.close * history.adjustment / units,
        volume=history.volume,
        ticks=exchange_of(history.ticker).ticks,
        notes=(*_notes(history, units), *notes),
    )


def _notes(history: PriceHistory, units: int) -> list[str]:
    notes = []
    if history.incomplete:
        notes.append(f"rows without a complete price, left out: {history.incomplete}")
    if units != 1:
        notes.append(f"prices are quoted in {history.currency} and were divided by {units}")
    return notes
