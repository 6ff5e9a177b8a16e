"""Where the prices of an installation come from: `make run SOURCE=..`.

`yahoo-local` is a trial of everything, live prices included, without the network: the installation then has databases
and task logs of its own, so that what came from moved bars is never taken for an analysis of real quotes.
"""

import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from local.errors import LocalError
from local.home import ROOT, Home
from local.ports import Claim
from local.yahoo.environment import environment

VARIABLE = "BELLWETHER_SOURCE"  # what the Makefile's SOURCE is called on its way here
WANTED_YAHOO_PORT = 8090
REQUESTS_IT_BEARS = "1200"  # a minute: it is our own, and bans nobody
NOT_REAL = "bars of 2009 and 2010 moved to today by a local Yahoo, not real quotes"


class Source(StrEnum):
    """What `make` can be told."""

    SAMPLE = "sample"
    YAHOO_LOCAL = "yahoo-local"

    @property
    def task_logs(self) -> str:
        """The folder of the tasks' logs, among the logs of a host."""
        return "tasks" if self is Source.SAMPLE else "tasks-yahoo-local"

    @property
    def databases(self) -> "Databases":
        """The databases of an installation that runs with this source."""
        return Databases() if self is Source.SAMPLE else Databases("airflow_yahoo_local", "stocks_yahoo_local")


@dataclass(frozen=True, slots=True)
class Databases:
    """What the database of Airflow and ours are called."""

    airflow: str = "airflow"
    stocks: str = "stocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class YahooPorts:
    """Where the local Yahoo listens: for clients, and for orders and questions about its counters."""

    proxy: int
    control: int

    @property
    def control_url(self) -> str:
        """Where its counters are read and faults are ordered."""
        return f"http://127.0.0.1:{self.control}"


def wanted() -> Source | None:
    """What the caller of `make` asks for; None: nothing in particular.

    Raises:
        LocalError: there is no such source.
    """
    said = os.environ.get(VARIABLE)
    if not said:
        return None
    if said not in set(Source):
        raise LocalError(
            f"SOURCE={said!r} is not known: one of {', '.join(Source)}; "
            "for live prices run `BELLWETHER_DEFAULT_DATA_SOURCE=yahoo make up`"
        )
    return Source(said)


def claim_ports(source: Source, claim: Claim) -> YahooPorts | None:
    """Free ports for the local Yahoo, None when there is none with this source."""
    if source is not Source.YAHOO_LOCAL:
        return None
    proxy = claim(WANTED_YAHOO_PORT)
    return YahooPorts(proxy=proxy, control=claim(proxy + 1))


def source_environment(home: Home, ports: YahooPorts | None) -> dict[str, str]:
    """What the processes of Airflow need to get their prices from there; nothing with the usual source."""
    if ports is None:
        return {}
    return {
        **environment(folder(home), ports.proxy),
        "BELLWETHER_DEFAULT_DATA_SOURCE": "yahoo",
        "BELLWETHER_REQUESTS_PER_MINUTE": os.environ.get("BELLWETHER_REQUESTS_PER_MINUTE", REQUESTS_IT_BEARS),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home.logs / Source.YAHOO_LOCAL.task_logs),
    }


def folder(home: Home) -> Path:
    """Where the local Yahoo keeps its certificates."""
    return home.folder / "yahoo"


def yahoo_command(home: Home, ports: YahooPorts) -> list[str]:
    """The command line of the local Yahoo, with nothing in its environment but what it needs."""
    listening = [f"--port={ports.proxy}", f"--control-port={ports.control}"]
    clean = ["/usr/bin/env", "-i", f"PYTHONPATH={ROOT}", "TZ=UTC", "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1"]
    return [*clean, sys.executable, "-m", "local.yahoo", f"--folder={folder(home)}", *listening]
