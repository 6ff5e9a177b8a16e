"""One whole installation for all tests of this folder: real scheduler, API server and PostgreSQL."""

from collections.abc import Iterator

import pytest

from local.stack import Stack, stack
from tests.pipeline.receivers import free_port, smtp_connection

MAIL_PORT = free_port()  # where a test may put a mail server
MAIL = {"AIRFLOW_CONN_TEST_MAIL": smtp_connection(MAIL_PORT), "BELLWETHER_SMTP_CONNECTION_ID": "test_mail"}


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("stack"), MAIL) as running:
        yield running
