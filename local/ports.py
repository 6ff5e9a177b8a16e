"""Free ports of the loopback."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

LOOPBACK = "127.0.0.1"
NEIGHBOURS = 100

Claim = Callable[..., int]  # of the wanted port, and addresses


def is_free(port: int, address: str = LOOPBACK) -> bool:
    """Whether nothing listens on this port of an address of the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def free_port(wanted: int | None = None) -> int:
    """`wanted` when it is free, else any other free one."""
    if wanted is not None and is_free(wanted):
        return wanted
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def claimed() -> Iterator[Claim]:
    """A function that finds a free port from the wanted one upwards and keeps it until the block ends.

    With more addresses it is one that is free on all of them.

    Airflow listens only seconds after its port was chosen. In between, another clone's start must not choose the same.
    """
    with ExitStack() as kept:

        def claim(wanted: int, *addresses: str) -> int:
            for port in range(wanted, wanted + NEIGHBOURS):
                if all(is_free(port, one) for one in addresses or (LOOPBACK,)) and _keep(port, kept):
                    return port
            return free_port()

        yield claim


@contextmanager
def kept(port: int) -> Iterator[None]:
    """Nobody else chooses this port during the block, in which what listens there starts again."""
    with ExitStack() as names:
        _keep(port, names)
        yield


def _keep(port: int, kept: ExitStack) -> bool:
    """Take a name that one process of the machine can have, and that goes with it (Linux; elsewhere always True)."""
    if sys.platform != "linux":
        return True
    name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        name.bind(f"\0bellwether-port-{port}")
    except OSError:
        name.close()
        return False
    kept.enter_context(name)
    return True
