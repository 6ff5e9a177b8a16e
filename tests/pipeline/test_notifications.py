"""Notifications over real sockets: what arrives, once, and what becomes of it when the receiver does not take it."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from include.jobs.notifying import tell
from include.model.analysis import Verdict
from include.model.errors import ErrorCode, Refusal
from include.model.job import JobStatus
from include.model.notifications import Channel, NotificationRow, NotificationStatus, Telling
from include.settings import settings
from include.storage.connection import Connection, connect
from include.storage.database import Database
from include.storage.jobs import progress
from include.storage.notifications import change_preferences, notifications_of, waiting
from include.storage.watchlist import add_to_watchlist
from tests.pipeline.receivers import (
    REFUSED,
    Mailbox,
    Posts,
    free_port,
    mail_server,
    smtp_connection,
    webhook_connection,
    webhook_server,
)
from tests.storage.sessions import FRI, THU, analyse, begin, said

pytestmark = [
    pytest.mark.usefixtures("airflow"),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings(r"error:::include\..*"),
]

TRIES = 3
Run = Callable[[], Telling]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def mailbox(port: int) -> Iterator[Mailbox]:
    with mail_server(port) as found:
        yield found


@pytest.fixture
def webhook() -> Iterator[tuple[Posts, str]]:
    with webhook_server() as found:
        yield found


@pytest.fixture
def set_way(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Gives a way its connection, as an operator does."""

    def set_one(name: str, connection: str) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_TEST_{name}", connection)
        monkeypatch.setenv(f"BELLWETHER_{name}_CONNECTION_ID", f"test_{name.lower()}")
        settings.cache_clear()

    yield set_one
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def mails(set_way: Callable[[str, str], None], port: int) -> None:
    set_way("SMTP", smtp_connection(port))


@pytest.fixture
def run(app_url: str) -> Run:
    """One run of the sender, with the ways that are set."""
    return lambda: send(app_url)


def send(url: str) -> Telling:
    from include.pipeline.notifications import ways

    with Database(lambda: connect(url), patience_seconds=5) as database, ways() as open_ways:
        return tell(database, open_ways, TRIES)


def wants(connection: Connection, owner: str, **preferences: Any) -> None:
    with connection.transaction():
        change_preferences(connection, owner, {"enabled": True, **preferences})


def told(connection: Connection, owner: str = "ann") -> list[NotificationRow]:
    return notifications_of(connection, owner, 100)


def due_now(connection: Connection) -> None:
    connection.execute(
        "UPDATE notifications SET due_at = clock_timestamp(), leased_until = clock_timestamp()"
        " WHERE leased_until IS NOT NULL"
    )
    connection.execute("UPDATE notifications SET due_at = clock_timestamp()")


@pytest.fixture
def changed(connection: Connection) -> None:
    """A job that changed a list of ann's, who wants mails."""
    add_to_watchlist(connection, "ann", ["JPM"], "Übersee", notes="<b>sell?</b>")
    wants(connection, "ann", email="ann@example.com")
    analyse(connection, "run-1", FRI, said("JPM", Verdict.BUY))


@pytest.mark.usefixtures("changed", "mails")
def test_a_mail_has_text_and_html_and_arrives_once(connection: Connection, mailbox: Mailbox, run: Run) -> None:
    assert run() == Telling(jobs=1, sent=1)
    (mail,) = mailbox.mails
    assert (mail["Subject"], mail["To"], mail["From"]) == (
        "Übersee: 1 first analysis",
        "ann@example.com",
        "bellwether@example.com",
    )
    assert mail["Auto-Submitted"] == "auto-generated"
    text, page = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert page is not None
    assert "JPM: Buy, score 70.0" in text.get_content()
    assert "&lt;b&gt;sell?&lt;/b&gt;" in page.get_content()
    (row,) = told(connection)
    assert (row.status, row.tries, row.error, row.job_id) == (NotificationStatus.SENT, 1, None, "run-1")
    assert mail["Message-ID"] == f"<{row.message_id}@bellwether>"
    assert run() == Telling()
    assert len(mailbox.mails) == 1


@pytest.mark.usefixtures("changed")
def test_a_webhook_gets_what_a_chat_understands(
    connection: Connection, set_way: Callable[[str, str], None], webhook: tuple[Posts, str], run: Run
) -> None:
    posts, address = webhook
    set_way("WEBHOOK", webhook_connection(address, password="token"))
    wants(connection, "ann", webhook=True)
    assert run().sent == 1
    assert posts.bodies[0]["text"].startswith("*Übersee: 1 first analysis*")
    (row,) = told(connection)
    assert posts.headers[0]["Idempotency-Key"] == str(row.message_id)
    assert posts.headers[0]["Authorization"] == "Bearer token"
    assert row.channel is Channel.WEBHOOK


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize(
    ("preferences", "count"),
    [
        ({"rule": "changes"}, 1),
        ({"rule": "always"}, 2),
        ({"rule": "never"}, 0),
        ({"enabled": False}, 0),
        ({"email": None}, 0),
    ],
)
def test_who_is_told_when_is_for_each_user_to_say(
    connection: Connection, mailbox: Mailbox, run: Run, preferences: dict[str, Any], count: int
) -> None:
    add_to_watchlist(connection, "ann", ["JPM"])
    wants(connection, "ann", **({"email": "ann@example.com"} | preferences))
    analyse(connection, "run-1", THU, said("JPM", Verdict.BUY))
    analyse(connection, "run-2", FRI, said("JPM", Verdict.BUY))
    assert run() == Telling(jobs=2, sent=count)
    assert len(mailbox.mails) == count


@pytest.mark.usefixtures("mails")
def test_every_job_is_told_of_also_when_others_of_the_same_list_follow_before(
    connection: Connection, mailbox: Mailbox, run: Run
) -> None:
    add_to_watchlist(connection, "ann", ["JPM"])
    wants(connection, "ann", email="ann@example.com", rule="always")
    for job_id in ("run-1", "run-2", "run-3"):
        analyse(connection, job_id, FRI, said("JPM", Verdict.BUY))
    assert run() == Telling(jobs=3, sent=3)
    assert sorted(row.job_id for row in told(connection)) == ["run-1", "run-2", "run-3"]
    assert len(mailbox.mails) == 3


def follow(connection: Connection) -> None:
    analyse(connection, "run-2", FRI, *(said(ticker, Verdict.HOLD) for ticker in ("IBM", "JPM", "KO")))


def run_again(connection: Connection) -> None:
    begin(connection, "run-1", FRI, [said("JPM", Verdict.BUY)], clear_number=1)


def watch_more(connection: Connection) -> None:
    add_to_watchlist(connection, "ann", ["KO"])


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize("rule", ["always", "changes"])
@pytest.mark.parametrize("meanwhile", [follow, run_again, watch_more])
def test_a_digest_counts_what_its_job_has_touched_whatever_happens_until_it_is_made(
    connection: Connection, mailbox: Mailbox, run: Run, meanwhile: Callable[[Connection], None], rule: str
) -> None:
    """One of the tickers that ann watches has failed, and that is all that changed."""
    add_to_watchlist(connection, "ann", ["IBM", "JPM"])
    add_to_watchlist(connection, "ann", ["JPM"], "banks")
    add_to_watchlist(connection, "bob", ["JPM"])
    wants(connection, "ann", email="ann@example.com", rule=rule)
    wants(connection, "bob", email="bob@example.com", rule=rule)
    analyse(connection, "run-0", THU, said("JPM", Verdict.BUY))
    run()
    refused = Refusal("IBM", ErrorCode.NO_DATA, "IBM has no prices")
    analyse(connection, "run-1", FRI, refused, said("JPM", Verdict.BUY), said("KO", Verdict.BUY))
    meanwhile(connection)
    run()
    digests = connection.execute("SELECT owner, digest FROM notifications WHERE digest ->> 'job_id' = 'run-1'")
    without_changes = {("ann", "banks"): ("completed_with_errors", 1, 0, 0)} if rule == "always" else {}
    assert {(row["owner"], row["digest"]["list"]): counted(row["digest"]) for row in digests} == {
        ("ann", "default"): ("completed_with_errors", 2, 1, 1),
        **without_changes,
    }


def counted(digest: dict[str, Any]) -> tuple[str, int, int, int]:
    return digest["status"], digest["tickers"], digest["failed"], len(digest["changes"])


@pytest.mark.usefixtures("mails")
@pytest.mark.parametrize("rule", ["always", "changes"])
def test_of_a_job_that_was_removed_meanwhile_nobody_is_told(connection: Connection, run: Run, rule: str) -> None:
    add_to_watchlist(connection, "ann", ["JPM"])
    wants(connection, "ann", email="ann@example.com", rule=rule)
    analyse(connection, "run-1", FRI, said("JPM", Verdict.BUY))
    connection.execute("DELETE FROM analysis_jobs")
    assert run() == Telling(jobs=1)


@pytest.mark.usefixtures("mails")
def test_each_list_of_each_user_has_a_digest_of_its_own(connection: Connection, mailbox: Mailbox, run: Run) -> None:
    for owner, name in (("ann", "one"), ("ann", "two"), ("bob", "mine"), ("eve", "hers")):
        add_to_watchlist(connection, owner, ["JPM"], name)
    for owner in ("ann", "bob"):
        wants(connection, owner, email=f"{owner}@example.com")
    analyse(connection, "run-1", FRI, said("JPM", Verdict.BUY), scope="schedule")
    assert run().sent == 3
    sent = {(mail["To"], mail["Subject"].partition(":")[0]) for mail in mailbox.mails}
    assert sent == {("ann@example.com", "one"), ("ann@example.com", "two"), ("bob@example.com", "mine")}
    assert [len(to) for to in mailbox.recipients] == [1, 1, 1]


@pytest.mark.usefixtures("changed", "mails")
def test_a_receiver_that_is_away_gets_it_later_and_the_job_knows_nothing_of_it(
    connection: Connection, port: int, run: Run
) -> None:
    before = progress(connection, "run-1")
    first = run()
    assert (first.sent, len(first.problems)) == (0, 1)
    (row,) = told(connection)
    assert (row.status, row.tries) == (NotificationStatus.WAITING, 1)
    assert "no connection to the mail server" in str(row.error)
    assert row.due_at is not None
    assert 50 < (row.due_at - row.created_at).total_seconds() < 120
    assert run().problems == []  # it is not due
    due_now(connection)
    with mail_server(port) as mailbox:
        assert run() == Telling(sent=1)
    assert mailbox.mails[0]["Message-ID"] == f"<{row.message_id}@bellwether>"
    (after,) = told(connection)
    assert (after.status, after.tries, after.error) == (NotificationStatus.SENT, 2, None)
    assert before == progress(connection, "run-1")
    assert before is not None
    assert before.status is JobStatus.COMPLETED


@pytest.mark.usefixtures("changed", "mails")
def test_after_so_many_tries_it_is_given_up_and_its_owner_sees_why(connection: Connection, run: Run) -> None:
    for _ in range(TRIES):
        due_now(connection)
        last = run()
    assert last.given_up == 1
    (row,) = told(connection)
    assert (row.status, row.tries, row.due_at) == (NotificationStatus.GIVEN_UP, TRIES, None)
    assert "no connection to the mail server" in str(row.error)
    due_now(connection)
    assert run() == Telling()
    assert waiting(connection).given_up == 1


@pytest.mark.usefixtures("mails")
def test_a_recipient_whom_the_server_refuses_does_not_hold_up_others(
    connection: Connection, mailbox: Mailbox, run: Run
) -> None:
    for owner, email in (("ann", REFUSED), ("bob", "bob@example.com"), ("eve", "eve@example.com")):
        add_to_watchlist(connection, owner, ["JPM"])
        wants(connection, owner, email=email)
    analyse(connection, "run-1", FRI, said("JPM", Verdict.BUY), scope="schedule")
    done = run()
    assert (done.sent, len(done.problems)) == (2, 1)
    assert {mail["To"] for mail in mailbox.mails} == {"bob@example.com", "eve@example.com"}
    (row,) = told(connection)
    assert row.error == "550 there is nobody of that name"
    wants(connection, "ann", email="ann@example.com")
    due_now(connection)
    assert run().sent == 1


@pytest.mark.usefixtures("mails")
def test_a_server_that_is_away_costs_only_one_of_many_a_try(connection: Connection, run: Run) -> None:
    for owner in ("ann", "bob", "eve"):
        add_to_watchlist(connection, owner, ["JPM"])
        wants(connection, owner, email=f"{owner}@example.com")
    analyse(connection, "run-1", FRI, said("JPM", Verdict.BUY), scope="schedule")
    run()
    assert sorted(told(connection, owner)[0].tries for owner in ("ann", "bob", "eve")) == [0, 0, 1]


@pytest.mark.usefixtures("changed", "mails")
@pytest.mark.parametrize("answer", ["552 too large", "451 try later", "421 closing"])
def test_what_the_server_answers_is_kept(connection: Connection, mailbox: Mailbox, run: Run, answer: str) -> None:
    mailbox.answer = answer
    assert run().sent == 0
    assert told(connection)[0].error == answer
    mailbox.answer = "250 OK"
    due_now(connection)
    assert run().sent == 1


def die_after_sending(url: str) -> None:
    """A sender that is killed after the receiver took it and before that is noted."""
    from include.pipeline.mailing import Mailer

    mailer = Mailer("test_smtp")

    def send_and_die(notification: Any) -> None:
        mailer(notification)
        os.kill(os.getpid(), signal.SIGKILL)

    with Database(lambda: connect(url), patience_seconds=5) as database:
        tell(database, {Channel.EMAIL: send_and_die}, TRIES)


@pytest.mark.usefixtures("changed", "mails")
def test_one_whose_sender_was_killed_is_sent_again_under_the_same_id(
    connection: Connection, app_url: str, mailbox: Mailbox, run: Run
) -> None:
    child = multiprocessing.get_context("spawn").Process(target=die_after_sending, args=(app_url,))
    child.start()
    child.join(timeout=120)
    assert child.exitcode == -signal.SIGKILL
    assert len(mailbox.mails) == 1
    assert run() == Telling()  # the lease has not ended
    due_now(connection)
    assert run() == Telling(sent=1)
    first, second = mailbox.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert [part.get_content() for part in first.iter_parts()] == [part.get_content() for part in second.iter_parts()]
    assert run() == Telling()


@pytest.mark.usefixtures("changed", "mails")
def test_one_that_no_sender_survives_is_given_up(connection: Connection, mailbox: Mailbox, run: Run) -> None:
    run()
    connection.execute("UPDATE notifications SET status = 'waiting', ended_at = NULL, tries = %s", [TRIES])
    assert run().given_up == 1
    assert len(mailbox.mails) == 1


@pytest.mark.usefixtures("mails")
def test_two_senders_at_once_send_everything_once(connection: Connection, app_url: str, mailbox: Mailbox) -> None:
    for number in range(12):
        add_to_watchlist(connection, f"user{number}", ["JPM"])
        wants(connection, f"user{number}", email=f"user{number}@example.com")
    analyse(connection, "run-1", FRI, said("JPM", Verdict.BUY), scope="schedule")
    gate, done = threading.Barrier(3), list[Telling]()

    def one_sender() -> None:
        gate.wait(timeout=30)
        done.append(send(app_url))

    threads = [threading.Thread(target=one_sender) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(mail["To"] for mail in mailbox.mails) == sorted(f"user{n}@example.com" for n in range(12))
    assert (sum(one.sent for one in done), sum(one.jobs for one in done)) == (12, 1)


@pytest.mark.usefixtures("mails")
def test_nobodys_list_adds_a_header_to_a_mail(connection: Connection, mailbox: Mailbox, run: Run) -> None:
    add_to_watchlist(connection, "ann", ["JPM"], "banks\r\nBcc: eve@example.com\r\n\r\nhello")
    wants(connection, "ann", email="ann@example.com")
    analyse(connection, "run-1", FRI, said("JPM", Verdict.BUY))
    assert run().sent == 1
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "banks Bcc: eve@example.com hello: 1 first analysis"
    assert mailbox.recipients == [["ann@example.com"]]


@pytest.mark.usefixtures("changed", "mails")
def test_an_address_that_is_none_is_refused_and_kept_from_the_server(
    connection: Connection, mailbox: Mailbox, run: Run
) -> None:
    connection.execute(
        "UPDATE notification_preferences SET email = 'ann@example.com' || chr(13) || chr(10) || 'Bcc: x@y.z'"
    )
    assert run().sent == 0
    assert "is no address" in str(told(connection)[0].error)
    assert mailbox.mails == []


@pytest.mark.usefixtures("changed")
def test_a_webhook_leads_nowhere_but_to_its_own_address(
    connection: Connection, set_way: Callable[[str, str], None], webhook: tuple[Posts, str], run: Run
) -> None:
    posts, address = webhook
    set_way("WEBHOOK", webhook_connection(address))
    wants(connection, "ann", webhook=True)
    with webhook_server() as (elsewhere, other_address):
        posts.status, posts.location = 307, other_address
        run()
    assert (len(posts.bodies), elsewhere.bodies) == (1, [])
    assert told(connection)[0].error == "the webhook answered 307: no_text"


@pytest.mark.usefixtures("changed")
def test_the_address_of_a_webhook_is_in_no_error(
    connection: Connection, set_way: Callable[[str, str], None], run: Run
) -> None:
    with webhook_server() as (_, address):
        set_way("WEBHOOK", webhook_connection(address))
    wants(connection, "ann", webhook=True)
    (problem,) = run().problems
    assert "the webhook does not answer" in problem
    assert "secret" not in problem


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize("connection_document", ['{"conn_type": "http"}', '{"conn_type": "http", "host": "file:///x"}'])
def test_a_connection_that_leads_nowhere_is_said(
    connection: Connection, set_way: Callable[[str, str], None], run: Run, connection_document: str
) -> None:
    set_way("WEBHOOK", connection_document)
    wants(connection, "ann", webhook=True)
    assert "cannot be used" in run().problems[0]


@pytest.mark.usefixtures("changed")
def test_without_a_connection_nobody_is_told_and_nothing_waits(connection: Connection, run: Run) -> None:
    assert run() == Telling(jobs=1)
    found = waiting(connection)
    assert (found.messages, found.notifications) == (0, 0)
    assert told(connection) == []


@pytest.mark.usefixtures("changed", "mails")
def test_what_nobody_wants_any_more_is_dropped_with_its_reason(connection: Connection, run: Run) -> None:
    run()
    wants(connection, "ann", enabled=False)
    assert run() == Telling(dropped=1)
    (row,) = told(connection)
    assert (row.status, row.error) == (NotificationStatus.DROPPED, "its owner does not want it any more")


@pytest.mark.usefixtures("changed", "mails")
def test_what_waits_for_a_way_that_is_gone_is_dropped(
    connection: Connection, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    monkeypatch.delenv("BELLWETHER_SMTP_CONNECTION_ID")
    settings.cache_clear()
    assert run() == Telling(dropped=1)
    assert told(connection)[0].error == "no connection is set for this way any more"
