"""Imported once by the process from which Airflow forks its workers, so that no task imports it again.

Name it last in `[core] mp_forkserver_preload`: it then takes all that was imported out of the garbage collector's
sight. A collection in a worker would else touch, and so copy, every page that the workers share.
A change of our code reaches the workers when the scheduler starts again.
"""

import gc

import numpy as np  # noqa: F401
import talib  # noqa: F401

from include.market.sources.sample import sample_sessions
from include.pipeline import params, tasks  # noqa: F401
from include.storage.connection import queries
from include.timetable import session_timetable  # noqa: F401

queries()
sample_sessions()  # reads the file, a tenth of a second for every task otherwise
gc.collect()
gc.freeze()
