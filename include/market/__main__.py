"""`python -m include.market sessions XBOM`, `... universes`: what is known of sessions and tickers."""

import sys

from include.terminal.market import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
