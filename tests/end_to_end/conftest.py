"""One whole installation for all tests of this folder: real scheduler, API server and PostgreSQL."""

from collections.abc import Iterator

import pytest

from local.stack import Stack, stack


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("stack")) as running:
        yield running
