"""Users: names that Airflow's list can hold, passwords that stay."""

import json
import stat
from pathlib import Path

import pytest

from local import users
from local.errors import LocalError
from local.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.make()
    return made


def test_a_new_user_gets_a_password_that_only_the_owner_reads(home: Home) -> None:
    password = users.save(home, "ann", "viewer")
    assert len(password) >= 20
    assert json.loads(home.passwords_file.read_text()) == {"ann": password}
    assert stat.S_IMODE(home.passwords_file.stat().st_mode) == 0o600


def test_airflow_reads_every_user_with_the_role(home: Home) -> None:
    users.save(home, "admin", "admin")
    users.save(home, "ann", "viewer")
    users.save(home, "ann", "op")
    assert "simple_auth_manager_users = admin:admin,ann:op\n" in (home.airflow / "airflow.cfg").read_text()


def test_a_role_is_known_once_it_is_given(home: Home) -> None:
    assert users.role(home, "ann") is None
    users.save(home, "ann", "viewer")
    assert users.role(home, "ann") == "viewer"


def test_a_change_of_role_keeps_the_password(home: Home) -> None:
    assert users.save(home, "ann", "viewer") == users.save(home, "ann", "user")


@pytest.mark.parametrize("name", ["", "a b", "a:admin", "a,b:admin", "$(id)", "-x", "a\nb", "a%b", "x" * 65])
def test_names_that_could_be_something_else_are_refused(home: Home, name: str) -> None:
    with pytest.raises(LocalError, match="is no user name"):
        users.save(home, name, "viewer")
    assert not home.passwords_file.exists()


def test_an_unknown_role_is_refused_with_the_known_ones(home: Home) -> None:
    with pytest.raises(LocalError, match="one of viewer, user, op, admin"):
        users.save(home, "ann", "root")


def test_the_admin_stays_admin(home: Home) -> None:
    with pytest.raises(LocalError, match="keeps the role admin"):
        users.save(home, "admin", "viewer")


def test_without_users_the_password_says_what_to_do(home: Home) -> None:
    with pytest.raises(LocalError, match="`make up` makes the first one"):
        users.password(home)
