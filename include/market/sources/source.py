"""What every price source can do, and how to get one."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Protocol, assert_never

from include.model.bars import Bars, DataSource
from include.model.errors import Refusal
from include.settings import settings

Clock = Callable[[], datetime]


class PriceSource(Protocol):
    """Daily prices by ticker."""

    @property
    def name(self) -> DataSource:
        """Which source this is."""

    def fetch(self, wanted: Mapping[str, date | None], bars: int) -> dict[str, Bars | Refusal]:
        """Completed daily bars, or the reason why there are none, for every ticker of `wanted`.

        `wanted` maps a ticker to the session that is to be analysed (None: the newest that the source has). The bars
        reach back `bars` sessions from there where the source has so many, and may go on beyond it.

        Raises SourceUnavailableError when the source is away for everybody and a retry of the whole batch helps.
        """


def utc_now() -> datetime:
    """The time of this machine's clock."""
    return datetime.now(UTC)


def open_source(name: DataSource, clock: Clock = utc_now) -> PriceSource:
    """The price source of that name. Each one is imported when it is asked for: Yahoo's client alone takes a second."""
    match name:
        case DataSource.SAMPLE:
            from include.market.sources.sample import SampleSource

            return SampleSource()
        case DataSource.DEMO:
            from include.market.sources.demo import DemoSource

            return DemoSource(clock)
        case DataSource.YAHOO:
            from include.market.sources.yahoo_source import YahooSource

            return YahooSource(settings(), clock)
        case _:
            assert_never(name)
