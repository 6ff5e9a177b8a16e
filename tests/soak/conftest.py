"""One whole installation, in which one user may have as many jobs as the load has users."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import Stack, stack


@pytest.fixture(scope="session")
def seconds() -> float:
    """For how long the load goes on."""
    return 60 * float(os.environ.get("BELLWETHER_SOAK_MINUTES") or 2)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Stack]:
    with stack(tmp_path / "stack", {"BELLWETHER_MAX_ACTIVE_JOBS": "10000"}) as running:
        yield running
