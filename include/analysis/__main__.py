"""`python -m include.analysis`: the way in to the commands of `include.terminal`, which know where prices come from.

The one module of the analysis that knows more than the model; pyproject.toml names it as the exception.
"""

import sys

from include.terminal.main import main

sys.exit(main(sys.argv[1:]))
