"""`python -m include.market COMMAND`: sessions, universes and cached prices."""

import sys

from include.terminal.market import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
