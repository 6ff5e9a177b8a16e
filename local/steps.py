"""Saying what is being done, and how long it took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Say = Callable[[str, bool], None]
"""Prints a text; the flag says whether the line ends with it."""


def quiet(text: str, ends_line: bool = True) -> None:
    """Say nothing."""


@contextmanager
def step(say: Say, title: str) -> Iterator[None]:
    """Say what is being done, and after it how long it took."""
    start = time.monotonic()
    say(f"  {title:<44}", False)
    try:
        yield
    except BaseException:
        say("failed", True)
        raise
    say(f"{time.monotonic() - start:5.1f} s", True)
