"""The DAG that tells users, run by Airflow in this process, behind a job that was."""

from collections.abc import Iterator
from typing import Any

import pytest

from include.settings import settings
from include.storage.connection import Connection
from include.storage.notifications import change_preferences, notifications_of, waiting
from include.storage.watchlist import add_to_watchlist
from tests.dags.test_analyze_stocks import ASKER
from tests.dags.test_stocks_housekeeping import note, report
from tests.pipeline.receivers import free_port, mail_server, smtp_connection

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\..*")]


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    port = free_port()
    monkeypatch.setenv("AIRFLOW_CONN_TEST_SMTP", smtp_connection(port))
    monkeypatch.setenv("BELLWETHER_SMTP_CONNECTION_ID", "test_smtp")
    settings.cache_clear()
    yield port
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def changed(dag: Any, connection: Connection) -> Any:
    """A run that changed the list of somebody who wants mails."""
    add_to_watchlist(connection, ASKER, ["IBM", "JPM"])
    with connection.transaction():
        change_preferences(connection, ASKER, {"enabled": True, "email": "ann@example.com"})
    return dag.test(run_conf={"data_source": "sample"})


def test_the_note_of_a_run_says_what_changed_and_its_owner_gets_a_mail(changed: Any, dagbag: Any, port: int) -> None:
    assert str(note(changed)).endswith("; on watchlists: 2 first analyses")
    with mail_server(port) as mailbox:
        run = dagbag.dags["stocks_notifications"].test()
    assert str(run.state) == "success"
    assert report(run) == {"jobs": 1, "sent": 1, "dropped": 0, "given_up": 0, "problems": []}
    assert [mail["Subject"] for mail in mailbox.mails] == ["default: 2 first analyses"]


def test_a_run_that_cannot_send_says_so_and_fails(changed: Any, dagbag: Any, connection: Connection, port: int) -> None:
    run = dagbag.dags["stocks_notifications"].test()
    assert str(run.state) == "failed"
    assert "no connection to the mail server" in report(run)["problems"][0]
    assert [row.tries for row in notifications_of(connection, ASKER, 10)] == [1]
    assert str(changed.state) == "success"


def test_without_a_connection_it_only_clears_the_outbox(changed: Any, dagbag: Any, connection: Connection) -> None:
    run = dagbag.dags["stocks_notifications"].test()
    assert report(run)["jobs"] == 1
    assert (waiting(connection).messages, notifications_of(connection, ASKER, 10)) == (0, [])
