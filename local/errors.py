"""The one error that people see from `make`."""

from pathlib import Path


class LocalError(Exception):
    """Something on this machine is in the way; the message says what, and what to do. `log` has the details."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log
