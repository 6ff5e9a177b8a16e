"""What every forked process needs, read once in the process from which they are forked."""

from include.market.sources.sample import sample_tickers
from tests.pipeline import killing

__all__ = ["killing"]

sample_tickers()
