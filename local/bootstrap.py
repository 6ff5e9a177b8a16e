"""Makes `.venv` with every package of the lock. Standard library only; `make` runs it before anything else.

Python 3.6 must be able to read this file, so that an old Python can say which one is needed.
"""

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKS = {  # each has all of those before it
    "run": "requirements.txt",
    "distributed": "requirements-distributed.txt",
    "dev": "requirements-dev.txt",
}
OLDEST, NEWEST = (3, 11), (3, 13)
NEEDED = "Python 3.11, 3.12 or 3.13 is needed"
MISSING_VENV = "install Python's venv (on Debian and Ubuntu: apt install python3-venv) and try again"
POISON = ("PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")


class InstallError(Exception):
    """Why the packages cannot be installed, and what to do."""


def is_fit(version: "tuple[int, int]") -> bool:
    """Whether the lock fits this version of Python."""
    return OLDEST <= version <= NEWEST


def fit_python() -> "str | None":
    """A fit Python of this machine under one of its usual names. pyenv's shims may exist and yet not run."""
    for name in ("python3.13", "python3.12", "python3.11"):
        path = shutil.which(name)
        if path and subprocess.call([path, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            return path
    return None


def use_fit_python(exactly: bool) -> None:
    """Go on in this Python when it fits, else in another one, unless the user asked for exactly this one."""
    if is_fit(sys.version_info[:2]):
        return
    other = None if exactly else fit_python()
    if other is None:
        have = ".".join(str(part) for part in sys.version_info[:2])
        raise InstallError(f"{NEEDED} and this is {have}; install one, or say where it is: make run PYTHON=/path/to/it")
    os.execv(other, [other, *sys.argv])  # noqa: S606


def stamp(kind: str) -> Path:
    """The file that says for which lock the environment is complete."""
    return VENV / f"installed-{kind}"


def digest(kind: str) -> str:
    """What the stamp must hold: the lock, the folder and the Python that the environment was made for."""
    content = (ROOT / LOCKS[kind]).read_bytes()
    place = f"{VENV} {os.path.realpath(str(python()))}"
    return hashlib.sha256(content + place.encode()).hexdigest()


def python() -> Path:
    """The environment's own Python."""
    return VENV / "bin" / "python"


def is_complete(kind: str, exactly: bool) -> bool:
    """Whether everything is installed already, with the Python that was asked for."""
    if not python().exists() or is_of_other_python(exactly):
        return False
    return stamp(kind).exists() and stamp(kind).read_text() == digest(kind)


def is_of_other_python(exactly: bool) -> bool:
    """Whether the environment was made with another Python than the one that was asked for."""
    return exactly and os.path.realpath(str(python())) != os.path.realpath(base_python())


def base_python() -> str:
    """This Python, without a virtual environment around it."""
    return getattr(sys, "_base_executable", None) or sys.executable


def succeeds(command: "list[str]") -> bool:
    """Run a command, its output into the installation's log."""
    environment = {name: value for name, value in os.environ.items() if name not in POISON}
    with (VENV / "install.log").open("a") as log:
        log.write("$ {}\n".format(" ".join(command)))
        log.flush()
        try:
            return subprocess.call(command, cwd=str(ROOT), env=environment, stdout=log, stderr=log) == 0
        except OSError as error:
            log.write(f"{error}\n")
            return False


def make_environment(exactly: bool) -> None:
    """Make the environment; anew when an earlier installation was cut off, or for another Python."""
    if VENV.exists() and ((VENV / "installing").exists() or is_of_other_python(exactly) or not runs()):
        shutil.rmtree(str(VENV))
    VENV.mkdir(exist_ok=True)
    (VENV / "installing").touch()
    if not runs() and not succeeds([base_python(), "-m", "venv", "--without-pip", str(VENV)]):
        raise InstallError(f"no virtual environment could be made; {MISSING_VENV}")


def runs() -> bool:
    """Whether the environment's Python starts."""
    return python().exists() and succeeds([str(python()), "-c", "import sys; sys.exit(sys.prefix == sys.base_prefix)"])


def pip() -> "list[str]":
    """The command of a pip that installs into the environment: its own, Python's, or virtualenv's."""
    own, outer = [str(python()), "-m", "pip"], [base_python(), "-m", "pip", "--python", str(python())]
    if succeeds([*own, "--version"]) or succeeds([str(python()), "-m", "ensurepip"]):
        return own
    if succeeds([*outer, "--version"]):
        return outer
    if succeeds([base_python(), "-m", "virtualenv", "--python", base_python(), str(VENV)]):
        return own
    raise InstallError(f"there is no pip; {MISSING_VENV}")


def install(kind: str) -> None:
    """Install the lock by uv, which is quickest, or by pip where uv does not run; both compile to bytecode."""
    lock = ["--require-hashes", "-r", LOCKS[kind]]
    installer = [*pip(), "install", "--disable-pip-version-check", "--no-input"]
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--python", str(python()), "--compile-bytecode", "--no-progress"]
    with_uv = [*installer, "--only-binary", ":all:", "--require-hashes", "-r", "local/uv.txt"]
    if succeeds(with_uv) and succeeds(uv + lock):
        return
    compiling = [str(python()), "-m", "compileall", "-q", "-j", "0", str(VENV / "lib")]
    if not succeeds([*installer, "--retries", "1", *lock]):
        raise InstallError("the packages could not be installed; is the package index reachable from here?")
    succeeds(compiling)


@contextlib.contextmanager
def alone() -> "Iterator[None]":
    """Let one installation work in this clone at a time."""
    with (ROOT / "requirements.txt").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def log_tail() -> str:
    """The last lines of the installation's log."""
    try:
        lines = (VENV / "install.log").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "".join(f"  | {line}\n" for line in lines[-12:])


def complete(kind: str, exactly: bool) -> None:
    """Make the environment complete, which takes a minute or two the first time."""
    start = time.monotonic()
    print("Installing the packages into .venv, which takes a minute or two ...", file=sys.stderr)
    if VENV.exists():
        (VENV / "install.log").unlink(missing_ok=True)
    make_environment(exactly)
    had_one = any(stamp(known).exists() for known in LOCKS)
    try:
        install(kind)
    except InstallError:
        print(log_tail(), end="", file=sys.stderr)
        if had_one:  # nothing was taken away: what worked before works still, also offline
            (VENV / "installing").unlink()
        raise
    for known in LOCKS:
        stamp(known).write_text(digest(known))
        if known == kind:
            break
    (VENV / "installing").unlink()
    print(f"Installed in {time.monotonic() - start:.0f} s", file=sys.stderr)


def main() -> int:
    """Install what is missing; silent when nothing is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--distributed", action="store_true", help="also Celery")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--exactly", action="store_true", help="take this Python, never another one")
    options = parser.parse_args()
    kind = "dev" if options.dev else "distributed" if options.distributed or stamp("distributed").exists() else "run"
    try:
        use_fit_python(options.exactly)
        if not is_complete(kind, options.exactly):
            with alone():
                if not is_complete(kind, options.exactly):
                    complete(kind, options.exactly)
    except InstallError as error:
        print(f"Failed: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Failed: {error}; mend that and try again", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
