"""Who may log in: the users of Airflow's SimpleAuthManager, their roles and passwords."""

import re
import secrets

from local.errors import LocalError
from local.home import Home, read_json, write_private

ROLES = ("viewer", "user", "op", "admin")
ADMIN = "admin"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


def check(name: str, role: str) -> None:
    """Refuse names that Airflow's list of users could not hold.

    Raises:
        LocalError: names what is wrong and what is allowed.
    """
    if not NAME.fullmatch(name):
        raise LocalError(
            f"NAME={name!r} is no user name: letters, digits, . _ @ - are allowed, up to 64; "
            "as in: make user NAME=ann ROLE=viewer"
        )
    if role not in ROLES:
        raise LocalError(f"ROLE={role!r} is no role: one of {', '.join(ROLES)}")
    if name == ADMIN and role != "admin":
        raise LocalError("the user admin keeps the role admin: `make run` works through it")


def save(home: Home, name: str, role: str) -> str:
    """Add a user, or change the role of one who keeps the password; returns the password."""
    check(name, role)
    passwords, roles = read_json(home.passwords_file) or {}, _roles(home)
    passwords.setdefault(name, secrets.token_urlsafe(18))
    write_private(home.passwords_file, passwords)
    _write_roles(home, {**roles, name: role})
    return str(passwords[name])


def names(home: Home) -> list[str]:
    """All users."""
    return list(_roles(home))


def role(home: Home, name: str) -> str | None:
    """A user's role, None when there is no such user."""
    return _roles(home).get(name)


def password(home: Home, name: str = ADMIN) -> str:
    """A user's password.

    Raises:
        LocalError: there is no such user.
    """
    known = (read_json(home.passwords_file) or {}).get(name)
    if known is None:
        raise LocalError("there are no users yet; `make up` makes the first one")
    return str(known)


def _roles(home: Home) -> dict[str, str]:
    return {name: str(role) for name, role in (read_json(home.folder / "users.json") or {}).items()}


def _write_roles(home: Home, roles: dict[str, str]) -> None:
    """Remember the roles, and write them where Airflow reads them.

    A file, not the environment: supervisord hands on its own, which cannot change while it runs.
    """
    write_private(home.folder / "users.json", roles)
    listed = ",".join(f"{name}:{role}" for name, role in roles.items())
    write_private(home.airflow / "airflow.cfg", f"[core]\nsimple_auth_manager_users = {listed}\n")
