"""One whole installation for all tests of this folder: real scheduler, API server and PostgreSQL."""

from collections.abc import Iterator

import pytest

from local import users
from local.home import Home
from local.stack import Stack, stack
from tests.pipeline.receivers import free_port, smtp_connection

PEOPLE = {  # beside admin
    **dict.fromkeys(("ann", "bob", "cora", "nora", "rosa"), "user"),
    **dict.fromkeys(("vera", "vic"), "viewer"),
    "olga": "op",
}
MAIL_PORT = free_port()  # where a test may put a mail server
# On a busy machine a scheduler that is silent for 15 seconds is not dead.
PATIENT = {"AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "120"}
MAIL = {"AIRFLOW_CONN_TEST_MAIL": smtp_connection(MAIL_PORT), "BELLWETHER_SMTP_CONNECTION_ID": "test_mail"}


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    home = Home(folder.resolve())
    home.make()
    for name, role in PEOPLE.items():  # before the start: the API server reads them then
        users.save(home, name, role)
    with stack(folder, PATIENT | MAIL) as running:
        yield running
