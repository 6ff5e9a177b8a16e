"""What a universe is: a named set of tickers that says where it comes from and how old it is."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from include.market.symbols import normalize_ticker

log = logging.getLogger(__name__)

EXAMPLES = 5  # of what was left out, in the log


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The tickers of a universe, and what its list has beside them, by the reason why that was left out."""

    tickers: tuple[str, ...]
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """A named set of tickers: `title` and `description` are for people, `dated` says of when the list is.

    `read` reads the members; whoever lists universes does without.
    """

    name: str
    title: str
    dated: str
    description: str
    read: Callable[[], Members]

    @property
    def label(self) -> str:
        """How a form shows it."""
        return f"{self.title} ({self.dated})"

    def members(self) -> tuple[str, ...]:
        """The tickers; the log says what the list has beside them."""
        found = self.read()
        for reason, symbols in found.left_out.items():
            examples = ", ".join(symbols[:EXAMPLES]) + (", ..." if len(symbols) > EXAMPLES else "")
            log.info("universe %s: %d symbols left out, %s: %s", self.name, len(symbols), reason, examples)
        return found.tickers


def well_formed(symbols: Iterable[str]) -> Members:
    """The symbols that can be tickers, each once and sorted, and the others."""
    tickers, malformed = set(), []
    for symbol in symbols:
        try:
            tickers.add(normalize_ticker(symbol))
        except ValueError:
            malformed.append(symbol)
    return Members(
        tickers=tuple(sorted(tickers)), left_out={"no symbol of Yahoo's": tuple(malformed)} if malformed else {}
    )
