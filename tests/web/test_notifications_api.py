"""What a user says of being told, over HTTP."""

import pytest

from include.jobs.notifying import tell
from include.model.analysis import Verdict
from include.model.notifications import Channel, Notification, RefusedError
from include.storage.connection import Connection, connect
from include.storage.database import Database
from include.storage.watchlist import add_to_watchlist
from tests.storage.sessions import FRI, analyse, said
from tests.web.calls import error
from tests.web.conftest import Call

ROUTE = "/notifications"
NOTHING = {"enabled": False, "email": None, "webhook": False, "rule": "changes"}


def wants(api: Call, user: str = "ann") -> dict[str, object]:
    found = api("GET", ROUTE, user).json()
    return {name: found[name] for name in NOTHING}


def test_who_has_said_nothing_wants_nothing(api: Call) -> None:
    answer = api("GET", ROUTE).json()
    assert answer == {**NOTHING, "ways": {"email": False, "webhook": False}, "recent": []}


def test_what_is_left_out_stays_and_null_takes_the_address_away(api: Call) -> None:
    assert api("PATCH", ROUTE, json={"enabled": True, "email": "ann@Example.COM", "rule": "always"}).status_code == 200
    assert wants(api) == {"enabled": True, "email": "ann@example.com", "webhook": False, "rule": "always"}
    api("PATCH", ROUTE, json={"webhook": True, "email": None})
    assert wants(api) == {"enabled": True, "email": None, "webhook": True, "rule": "always"}
    assert wants(api, "bob") == NOTHING


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@b.c\r\nBcc: x@y.z"}, "email"),
        ({"email": "a@b@c.d"}, "email"),
        ({"email": "a" * 300 + "@example.com"}, "email"),
        ({"email": "a\0@example.com"}, "email"),
        ({"rule": "sometimes"}, "rule"),
        ({"enabled": "yes"}, "enabled"),
        ({"enabled": None}, "enabled"),
        ({"webhook": "http://169.254.169.254/"}, "webhook"),
        ({"address": "http://localhost"}, "address"),
        ({"enabled": True}, "enabled"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_changes_nothing(api: Call, body: object, field: str) -> None:
    answer = api("PATCH", ROUTE, json=body)
    assert answer.status_code == 400
    assert [one["field"] for one in error(answer)["details"]] == [field]
    assert wants(api) == NOTHING


def test_an_address_within_a_network_is_one(api: Call) -> None:
    assert api("PATCH", ROUTE, json={"email": "ann@mail.corp.lan"}).json()["email"] == "ann@mail.corp.lan"


def test_a_user_sees_what_became_of_the_own_notifications(api: Call, connection: Connection, app_url: str) -> None:
    for owner in ("ann", "bob"):
        add_to_watchlist(connection, owner, ["JPM"])
        api("PATCH", ROUTE, owner, json={"enabled": True, "email": f"{owner}@example.com"})
    analyse(connection, "run-1", FRI, said("JPM", Verdict.BUY), scope="schedule")

    def refuse_ann(notification: Notification) -> None:
        if notification.email == "ann@example.com":
            raise RefusedError("550 no such user")

    with Database(lambda: connect(app_url), patience_seconds=5) as database:
        tell(database, {Channel.EMAIL: refuse_ann}, 1)
    (mine,), (other,) = (api("GET", ROUTE, owner).json()["recent"] for owner in ("ann", "bob"))
    assert (mine["status"], mine["error"], mine["tries"]) == ("given_up", "550 no such user", 1)
    assert (other["status"], other["error"], other["list"], other["job_id"]) == ("sent", None, "default", "run-1")
