"""The memory of a stack's processes while something runs: each at its height."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil

from local.processes import of_stack
from local.stack import Stack

LOOK_EVERY_SECONDS = 2.0
MB = 2**20


@dataclass(slots=True)
class Watched:
    """What was seen, in bytes: each process by its pid, and all of them at a time. Shared pages are counted once."""

    heights: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    sums: list[int] = field(default_factory=list)

    def look(self, running: Stack) -> None:
        """One more look at everything."""
        now: dict[int, int] = {}
        for process in of_stack(running.home.folder):
            with suppress(psutil.Error):
                now[process.pid] = process.memory_full_info().pss
        for pid, size in now.items():
            self.heights[pid] = max(self.heights[pid], size)
        self.sums.append(sum(now.values()))

    def largest(self) -> float:
        """The largest process at its height, in MB."""
        return max(self.heights.values()) / MB

    def together(self) -> float:
        """All processes when they needed most, in MB."""
        return max(self.sums) / MB


@contextmanager
def watching(running: Stack) -> Iterator[Watched]:
    """Look at all processes every now and then while the block runs."""
    watched, over = Watched(), threading.Event()

    def go_on() -> None:
        watched.look(running)
        while not over.wait(LOOK_EVERY_SECONDS):
            watched.look(running)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield watched
    finally:
        over.set()
        thread.join()
