"""Runs one of Airflow's processes as quickly as it can start: `python -m local.component scheduler`.

Importing Airflow makes millions of objects that stay. To look through them for garbage again and again takes nearly
half of the API server's start, and once more at its end: six seconds. And the scheduler starts the server that its
workers are forked from only with the first task, which then waits for all that this server imports.
"""

import atexit
import gc
import multiprocessing
import os
import runpy
import sys
from multiprocessing import forkserver

THRESHOLDS = (50_000, 20, 50)


def start_forkserver() -> None:
    """Start the server now, with the modules that Airflow is told to have imported in it."""
    modules = os.environ.get("AIRFLOW__CORE__MP_FORKSERVER_PRELOAD", "")
    multiprocessing.set_forkserver_preload(modules.split(","))
    forkserver.ensure_running()


def main() -> None:
    """Become `airflow` with the arguments of the command line."""
    if "scheduler" in sys.argv and os.environ.get("AIRFLOW__CORE__EXECUTOR") == "LocalExecutor":
        start_forkserver()
    gc.set_threshold(*THRESHOLDS)
    atexit.register(gc.freeze)
    sys.argv[0] = "airflow"
    runpy.run_module("airflow", run_name="__main__", alter_sys=False)


if __name__ == "__main__":
    main()
