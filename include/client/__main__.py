"""`python -m include.client`."""

import sys

from include.client.commands.main import main

sys.exit(main(sys.argv[1:]))
