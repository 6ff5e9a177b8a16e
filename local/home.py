"""The state folder: everything that one installation keeps, and what its files are called.

All state is per folder, so that two clones, or tests beside a running one, do not meet.
"""

import fcntl
import hashlib
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from local import accounts
from local.errors import LocalError

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SOCKET_PATH = 80  # a Unix socket's address ends at 104 bytes; supervisord binds a longer temporary name first
ONLY_OWNER = 0o600
ADDED_LATER = {"redis"}  # secrets that an older installation has not


@dataclass(frozen=True, slots=True)
class Home:
    """One state folder."""

    folder: Path

    @property
    def logs(self) -> Path:
        """Logs of all processes."""
        return self.folder / "logs"

    @property
    def secrets_file(self) -> Path:
        """Passwords and keys of the services."""
        return self.folder / "secrets.json"

    @property
    def passwords_file(self) -> Path:
        """The users' passwords, in the form that Airflow reads."""
        return self.folder / "passwords.json"

    @property
    def airflow(self) -> Path:
        """Airflow's home."""
        return self.folder / "airflow"

    @property
    def stack_file(self) -> Path:
        """Ports and other facts of the processes that run."""
        return self.folder / "stack.json"

    @property
    def supervisor_conf(self) -> Path:
        """What supervisord supervises."""
        return self.folder / "supervisord.conf"

    @property
    def socket(self) -> Path:
        """Where supervisord listens: in this folder, or in a short one of our own when this path is too long."""
        inside = self.folder / "supervisor.sock"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
            return inside
        return Path(tempfile.gettempdir()) / f"bellwether-{os.geteuid()}-{self.digest}" / "supervisor.sock"

    @property
    def digest(self) -> str:
        """Sixteen letters that stand for this folder."""
        return hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.logs / f"{name}.log"

    def make(self) -> None:
        """Create the folders. PostgreSQL's account must be able to walk through."""
        accounts.make_home(self.folder, accounts.postgres_account())
        for folder in (self.logs, self.airflow):
            folder.mkdir(mode=0o700, exist_ok=True)

    def make_socket_folder(self) -> None:
        """Create the folder of the socket, when it is another one; nobody else may have made it before us."""
        self.socket.parent.mkdir(mode=0o700, exist_ok=True)
        if self.socket.parent.lstat().st_uid != os.geteuid():
            raise LocalError(f"{self.socket.parent} belongs to somebody else; set TMPDIR to a folder of your own")
        self.socket.unlink(missing_ok=True)

    def remove_socket(self) -> None:
        """Remove the socket and, when it is another one, its folder."""
        self.socket.unlink(missing_ok=True)
        if self.socket.parent != self.folder:
            with suppress(OSError):
                self.socket.parent.rmdir()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one command change this installation at a time; the next one waits."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("Another command is at work here; waiting for it ...", file=sys.stderr)
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def default_home() -> Home:
    """The folder in BELLWETHER_HOME, else `.local` in the clone."""
    return Home(Path(os.environ.get("BELLWETHER_HOME") or ROOT / ".local").resolve())


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Passwords and keys, generated once per state folder."""

    superuser: str
    airflow: str
    stocks_owner: str
    stocks_app: str
    redis: str
    jwt: str
    api: str
    fernet: str

    def __repr__(self) -> str:
        return "Secrets(...)"


def read_secrets(home: Home) -> Secrets:
    """The secrets of this folder, made when there are none yet.

    Raises:
        LocalError: the file is damaged, or it is gone while the data that it opens is there.
    """
    names = {each.name for each in fields(Secrets)}
    known = read_json(home.secrets_file)
    missing = names - set(known or {})
    if known is not None and (set(known) - names or missing - ADDED_LATER):
        raise LocalError(f"{home.secrets_file} is damaged; put back a copy, or start anew with `make clean`")
    made = Secrets(**{name: _make_secret(name) for name in missing}, **(known or {}))
    if missing:
        write_private(home.secrets_file, asdict(made))
    return made


def _make_secret(name: str) -> str:
    if name == "fernet":
        return _fernet_key()
    return secrets.token_urlsafe(64 if name == "jwt" else 32)


def _fernet_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def read_json(file: Path) -> dict[str, Any] | None:
    """A JSON object of ours, None when the file is not there."""
    try:
        content = json.loads(file.read_text())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise LocalError(f"{file} is damaged; put back a copy, or start anew with `make clean`") from error
    return dict(content)


def write_private(file: Path, content: Mapping[str, Any] | str) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    text = content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "w") as part:
        part.write(text)
    Path(name).chmod(ONLY_OWNER)
    Path(name).replace(file)
