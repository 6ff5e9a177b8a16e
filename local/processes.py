"""The processes of one stack, found by a mark in their environment, whoever their parent is by now."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from local.environment import MARK


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Processes under one name and what they use together, in bytes, shared pages counted once (Linux)."""

    processes: int
    bytes: int


def of_stack(folder: Path) -> list[psutil.Process]:
    """All processes of the stack in this folder, but not this one and those that started it."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [process for process in psutil.process_iter() if process.pid not in own and has_mark(process, folder)]


def has_mark(process: psutil.Process, folder: Path) -> bool:
    """Whether a process belongs to the stack in this folder."""
    try:
        return bool(process.environ().get(MARK) == str(folder))
    except (psutil.Error, OSError):  # somebody else's, or gone
        return False


def end(processes: Iterable[psutil.Process], patience: float = 5.0) -> None:
    """Ask these processes to end, and end by force those that have not within `patience` seconds."""
    waiting = list(processes)
    for process in waiting:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(waiting, timeout=patience)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)


def memory_of_tree(pid: int) -> Memory:
    """What a process and all its children use."""
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
        return Memory(processes=len(tree), bytes=sum(_bytes(process) for process in tree))
    return Memory(processes=0, bytes=0)


def _bytes(process: psutil.Process) -> int:
    try:
        used = process.memory_full_info()
        return int(getattr(used, "pss", 0) or used.uss)
    except psutil.NoSuchProcess:
        return 0
    except (psutil.AccessDenied, AttributeError):
        return int(process.memory_info().rss)
