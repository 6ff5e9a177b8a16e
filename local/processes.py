"""The processes of one stack, found by a mark in their environment, whoever their parent is by now."""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from local.environment import MARK


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What processes use together, in bytes: shared pages counted once, where the system tells (else not exact)."""

    processes: int
    bytes: int
    is_exact: bool


def of_stack(folder: Path, session: int | None = None) -> list[psutil.Process]:
    """All processes of the stack in this folder, but not this one and those that started it.

    `session` is the session that its supervisord made, for workers that hide their environment.
    """
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    others = [process for process in psutil.process_iter() if process.pid not in own]
    return [process for process in others if has_mark(process, folder) or _is_hidden_worker(process, session)]


def has_mark(process: psutil.Process, folder: Path) -> bool:
    """Whether a process belongs to the stack in this folder."""
    try:
        return bool(process.environ().get(MARK) == str(folder))
    except (psutil.Error, OSError):  # somebody else's, or gone
        return False


def _is_hidden_worker(process: psutil.Process, session: int | None) -> bool:
    """Whether this is a worker of Airflow in this session: they hide their memory from their own account."""
    if session is None:
        return False
    try:
        return os.getsid(process.pid) == session and process.cmdline()[0].startswith("airflow ")
    except (psutil.Error, OSError, IndexError):
        return False


def end(ending: Iterable[psutil.Process], patience: float = 5.0, by: int = signal.SIGTERM) -> None:
    """Ask these processes to end, and end by force those that have not within `patience` seconds."""
    waiting = list(ending)
    for process in waiting:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(by)
    for process in wait_for(waiting, patience):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    wait_for(waiting, 5.0)


def wait_for(ending: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until these processes have ended; returns those that have not.

    psutil's own waiting takes a zombie for alive, and in a container that nobody tidies up a zombie stays.
    """
    deadline = time.monotonic() + seconds
    left = [process for process in ending if is_alive(process)]
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [process for process in left if is_alive(process)]
    return left


def is_alive(process: psutil.Process) -> bool:
    """Whether a process has not ended; a zombie has."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def memory_of_tree(pid: int) -> Memory:
    """What a process and all its children use."""
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
        exact, resident = [_shared_once(process) for process in tree], [_resident(process) for process in tree]
        used = sum(rss if pss is None else pss for pss, rss in zip(exact, resident, strict=True))
        return Memory(processes=len(tree), bytes=used, is_exact=None not in exact)
    return Memory(processes=0, bytes=0, is_exact=True)


def _shared_once(process: psutil.Process) -> int | None:
    """Memory with a page that n processes share counted as 1/n; None when the system does not tell."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
    except (psutil.AccessDenied, AttributeError):
        return None


def _resident(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0
