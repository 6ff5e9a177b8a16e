"""An installation for each test: what is killed here must not be another test's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import Stack, stack


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Stack]:
    with stack(tmp_path / "stack") as running:
        yield running
