"""`make doctor` looks the installation over, `make mend` undoes what the doctor found different in the database."""

import subprocess
import sys
from collections.abc import Mapping

from local import database, show, stack
from local.errors import LocalError
from local.home import ROOT, Home


def doctor(home: Home) -> bool:
    """Print what `make status` knows and what the database's own checks find; False when something is wrong."""
    is_well = show.status(home)
    running = stack.running(home)
    if running is None:
        print("The database was not looked at: it runs after `make up`")
        return False
    done = _run("include.storage.doctor", running.env)
    print(database.in_our_words(done.stdout), end="")
    return is_well and done.returncode == 0


def mend(home: Home) -> str:
    """Undo in the database what is not as the migrations made it, all or nothing; returns what was done.

    The database need not run: `make up` refuses to start with one that has drifted.

    Raises:
        LocalError: what cannot be mended.
    """
    with home.alone(), stack.database_of(home) as present:
        owner = {**present.env, "BELLWETHER_MIGRATION_URL": present.database_url("stocks_owner")}
        done = _run("include.storage.migrate", owner, "--mend")
    if done.returncode != 0:
        raise LocalError(f"nothing was mended: {database.in_our_words(done.stderr).strip()}")
    return done.stdout.strip()


def _run(module: str, env: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    sys.stdout.flush()
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, env=dict(env), cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
