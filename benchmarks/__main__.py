"""`make bench`: measures, prints the figures beside their goals and those of the last time, and saves them."""

import os
import sys

# Far more jobs than one user may have: before the settings are read, here and by the processes that are started.
os.environ["BELLWETHER_MAX_ACTIVE_JOBS"] = "10000"

from benchmarks import analysis, api, jobs, market, pages, scale, size, whole_stack
from benchmarks.figures import load_last, save, show
from local.home import default_home

PARTS = {
    "analysis": analysis.measure,
    "stack": whole_stack.measure,
    "scale": scale.measure,
    "jobs": jobs.measure,
    "api": api.measure,
    "market": market.measure,
    "pages": pages.measure,
    "size": size.measure,
}


ALL = "all"
ONLY_WHEN_NAMED = ("pages", "size")  # they need a browser, and an hour with 45 GB of disk


def main(wanted: list[str]) -> int:
    """Measure the parts named in the arguments, or all; without any, those that need nothing else."""
    unknown = set(wanted) - {*PARTS, ALL}
    if unknown:
        print(
            f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}, or all", file=sys.stderr
        )
        return 2
    chosen = list(PARTS) if ALL in wanted else wanted or [name for name in PARTS if name not in ONLY_WHEN_NAMED]
    folder = default_home().folder / "bench"
    figures = [figure for name, measure in PARTS.items() if name in chosen for figure in measure()]
    show(figures, load_last(folder))
    print(f"Saved to {save(figures, folder)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
