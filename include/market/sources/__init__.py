"""The price sources behind one protocol: `yahoo` (live), `sample` (real, old, offline), `demo` (synthetic)."""

from include.market.sources.source import Clock, PriceSource, open_source, utc_now

__all__ = ["Clock", "PriceSource", "open_source", "utc_now"]
