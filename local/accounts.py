"""Whom PostgreSQL runs as, and which folders that account can reach.

PostgreSQL refuses to run as root. `nobody` is on every machine, so root drops to it and no account is made.
"""

import hashlib
import os
import pwd
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from local.errors import LocalError

SHARED_ROOT = Path("/var/lib/bellwether")


class Drop(TypedDict, total=False):
    """Arguments for `subprocess` that start a process as another account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An account to drop to."""

    name: str
    uid: int
    gid: int

    @property
    def drop(self) -> Drop:
        """Arguments for `subprocess`; the extra groups must go too, root's may be in there."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def postgres_account() -> Account | None:
    """The account that PostgreSQL must drop to; None when this process may run it itself."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def is_open_to_others(path: Path) -> bool:
    """Whether any account can walk to `path`: each folder on the way lets others through."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents) if folder.exists())


def is_readable_by_others(tree: Path) -> bool:
    """Whether any account can use everything in `tree` (a strict umask at installation would prevent it)."""
    if not is_open_to_others(tree):
        return False
    return all(entry.stat().st_mode & stat.S_IROTH for entry in tree.rglob("*"))


def reachable_home(wanted: Path, account: Account | None) -> Path:
    """`wanted`, or a folder of our own under /var/lib when `account` cannot get there (a clone under /root)."""
    if account is None or is_open_to_others(wanted.parent):
        return wanted
    digest = hashlib.sha256(str(wanted).encode()).hexdigest()[:16]
    return SHARED_ROOT / digest


def make_home(home: Path, account: Account | None) -> None:
    """Create `home`: its owner alone may read it, `account` may walk through."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        if home.parent == SHARED_ROOT:
            SHARED_ROOT.chmod(0o755)
        home.chmod(0o700 if account is None else 0o711)
    except OSError as error:
        raise LocalError(f"cannot make the folder {home} ({error.strerror}); make it writable and try again") from error


def copy_for_others(folders: Sequence[Path], target: Path) -> None:
    """Copy folders into `target` so that any account may read and run them; an interrupted copy is made anew."""
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    for folder in folders:
        shutil.copytree(folder, part / folder.name, symlinks=True)
    for entry in (part, *part.rglob("*")):
        if not entry.is_symlink():
            mode = entry.stat().st_mode
            entry.chmod(0o755 if entry.is_dir() or mode & stat.S_IXUSR else 0o644)
    part.rename(target)


def remove_home(home: Path) -> None:
    """Remove `home` and, when it was the last one there, our folder under /var/lib."""
    shutil.rmtree(home, ignore_errors=True)
    if home.parent == SHARED_ROOT:
        with suppress(OSError):
            SHARED_ROOT.rmdir()
