"""Runs an Airflow command with a patient garbage collector: `python -m local.component api-server`.

Importing Airflow makes millions of objects that stay. Looking through them again and again takes nearly half of the
API server's start, and once more at its end: six seconds.
"""

import atexit
import gc
import runpy
import sys

THRESHOLDS = (50_000, 20, 50)


def main() -> None:
    """Become `airflow` with the arguments of the command line."""
    gc.set_threshold(*THRESHOLDS)
    atexit.register(gc.freeze)
    sys.argv[0] = "airflow"
    runpy.run_module("airflow", run_name="__main__", alter_sys=False)


if __name__ == "__main__":
    main()
