"""From a job to a mail in somebody's box, through the API, the scheduler and its workers."""

from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote

import pytest

from local.stack import Stack
from tests.end_to_end.airflow import ENDED, Airflow, wait_until
from tests.end_to_end.conftest import MAIL_PORT
from tests.pipeline.receivers import Mailbox, mail_server

API = "/api/stocks"
DAG = "/api/v2/dags/stocks_notifications/dagRuns"


@pytest.fixture
def airflow(installation: Stack) -> Iterator[Airflow]:
    with Airflow(installation, "nora") as client:
        yield client


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server(MAIL_PORT) as found:
        yield found


def send(airflow: Airflow) -> None:
    """Let the DAG run now, besides its schedule."""
    run_id = airflow.http.post(DAG, json={"logical_date": None}).raise_for_status().json()["dag_run_id"]
    run = f"{DAG}/{quote(run_id, safe='')}"
    wait_until(lambda: airflow.http.get(run).raise_for_status().json()["state"] in ENDED, seconds=180)


def recent(airflow: Airflow) -> Any:
    """The notification of the list; there is one of `default` too, with which a user of this machine begins."""
    told = airflow.http.get(f"{API}/notifications").json()["recent"]
    (ours,) = [one for one in told if one["list"] == "mail"]
    return ours


def mails(mailbox: Mailbox) -> list[EmailMessage]:
    return [mail for mail in mailbox.mails if mail["Subject"].startswith("mail:")]


def test_a_user_gets_a_mail_of_what_a_job_changed(airflow: Airflow, mailbox: Mailbox) -> None:
    wanted = {"enabled": True, "email": "admin@example.com"}
    assert airflow.http.patch(f"{API}/notifications", json=wanted).json()["ways"] == {"email": True, "webhook": False}
    airflow.http.post(f"{API}/watchlist/mail", json={"tickers": ["HAS", "MAT"]}).raise_for_status()
    body = {"data_source": "sample", "as_of": "2010-03-05"}
    job_id = airflow.http.post(f"{API}/watchlist/mail/analyze", json=body).raise_for_status().json()["job_id"]
    run = airflow.wait(job_id)
    assert (run["state"], run["note"].rpartition("; ")[2]) == ("success", "on watchlists: 2 first analyses")
    changes = airflow.http.get(f"{API}/jobs/{job_id}/changes").json()["items"]
    told = {(one["ticker"], one["kind"]) for one in changes if one["list"] == "mail"}
    assert told == {("HAS", "new"), ("MAT", "new")}  # no other test here has these analysed
    send(airflow)
    wait_until(lambda: bool(mails(mailbox)))  # a run of the schedule may have taken it
    (mail,) = mails(mailbox)
    assert (mail["To"], mail["Subject"]) == ("admin@example.com", "mail: 2 first analyses")
    wait_until(lambda: recent(airflow)["status"] == "sent")
    told = recent(airflow)
    assert mail["Message-ID"] == f"<{told['message_id']}@bellwether>"
    assert told["job_id"] == job_id
    airflow.http.patch(f"{API}/notifications", json={"enabled": False}).raise_for_status()
    assert airflow.http.get(f"{API}/health").json()["notifications"]["ways"] == ["email"]
