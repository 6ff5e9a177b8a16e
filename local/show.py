"""What people see in the terminal: the table of processes, the ends of the logs."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from local import airflow_api, processes, stack, supervision
from local.home import Home
from local.source import NOT_REAL

WIDTH_WITHOUT_TERMINAL = 140
RECENT_SECONDS = 60


def console() -> Console:
    """The terminal; wide enough for our tables when the output goes to a file."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(width=WIDTH_WITHOUT_TERMINAL, highlight=False)


def status(home: Home) -> bool:
    """Print which processes run, where the web interface is and what is wrong; False when something is."""
    running = stack.running(home)
    states = supervision.states(home) if running else []
    if running is None or not states:
        return _status_without_supervisor(home)
    table = Table("process", "state", "pid", "up for", "processes", "memory")
    uses = [_memory(state) for state in states]
    for state, use in zip(states, uses, strict=True):
        row = state.name, state.state.lower(), str(state.pid or ""), _age(state), str(use.processes), _size(use)
        table.add_row(*row)
    console().print(table)
    total = processes.Memory(
        processes=sum(use.processes for use in uses),
        bytes=sum(use.bytes for use in uses),
        is_exact=all(use.is_exact for use in uses),
    )
    print(f"{_size(total)} in all. Airflow: {running.url} (user admin, password: make -s password)")
    if running.yahoo is not None:
        print(f"Prices: {NOT_REAL}. Its counters and orders: {running.yahoo.control_url}")
    wrong = troubles(states, stack.up_since(home), airflow_api.unhealthy(running.url))
    for name, trouble in wrong.items():
        print(f"{name} {trouble}; its log: {home.log(name)}")
    return not wrong


def troubles(
    states: Sequence[supervision.ProcessState], up_since: int | None, unhealthy: Sequence[str]
) -> dict[str, str]:
    """What is wrong with each process that is not well: it is not running, was started again lately, or is unhealthy.

    `up_since`: when all were up, in seconds since 1970, so that the start of the whole counts for no restart; None
    while that goes on. `unhealthy`: the processes that Airflow itself reports.
    """
    found = dict.fromkeys(unhealthy, "runs and is not healthy")
    for state in states:
        age = state.now - state.started
        if state.state != "RUNNING":
            found[state.name] = f"is not running: {state.state.lower()} {state.spawn_error}".rstrip()
        elif up_since is not None and state.started > up_since and age < RECENT_SECONDS:
            found[state.name] = f"ended by itself and was started again {age} s ago"
    return found


def _status_without_supervisor(home: Home) -> bool:
    orphans = supervision.present(home)
    if orphans:
        print(f"{len(orphans)} processes run without their supervisor; `make up` or `make down` puts that in order")
    else:
        print("Nothing runs; `make up` starts everything")
    return not orphans


def _memory(state: supervision.ProcessState) -> processes.Memory:
    return processes.memory_of_tree(state.pid) if state.pid else processes.Memory(processes=0, bytes=0, is_exact=True)


def _size(memory: processes.Memory) -> str:
    return ("" if memory.is_exact else "at most ") + f"{memory.bytes / 2**20:.0f} MB"


def _age(state: supervision.ProcessState) -> str:
    if not state.pid:
        return ""
    days, seconds = divmod(max(0, state.now - state.started), 86_400)
    clock = time.strftime("%H:%M:%S", time.gmtime(seconds))
    return f"{days} d {clock}" if days else clock


def logs(home: Home, lines: int = 20) -> None:
    """Print the last lines of every process's log."""
    for log in sorted(home.logs.glob("*.log")):
        print(f"== {log}")
        print(supervision.log_tail(log, lines))
