"""A database that is not as the migrations made it: nothing starts with it, and `make mend` mends it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local import care, database, postgres, processes, stack
from local.errors import LocalError
from local.home import Home, read_secrets, write_private
from local.ports import free_port
from local.source import Databases

LACKS = "table analysis_jobs lacks the column heartbeat_at (timestamp with time zone)"
DATABASES = Databases()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    tmp_path.chmod(0o711)
    made = Home(tmp_path / "state")
    made.make()
    return made


def change(home: Home, statements: str) -> None:
    with stack.database_of(home) as present, psycopg.connect(present.database_url("postgres")) as connection:
        connection.execute(statements)  # type: ignore[call-overload]


@pytest.fixture
def stopped(home: Home) -> Iterator[Home]:
    """An installation that ran and was stopped; of Airflow's database there is only the name and its version."""
    secrets, port = read_secrets(home), free_port()
    cluster = stack.cluster_of(home, port, secrets.superuser)
    (home.folder / "database-folder").write_text(str(cluster.home))
    write_private(home.stack_file, {"api_port": 8080, "postgres_port": port, "extra": {}})
    postgres.create(cluster, sync=False)
    with stack.database_of(home) as present:
        database.make_databases(present.cluster, secrets, DATABASES)
        with psycopg.connect(present.cluster.url()) as connection:
            connection.execute(f"COMMENT ON DATABASE airflow IS '{database.airflow_version()}'")  # type: ignore[call-overload]
        database.migrate(home, present.cluster, secrets, DATABASES, present.env)
    yield home
    stack.clean(home)


def test_nothing_starts_with_a_database_that_has_drifted_until_it_is_mended(stopped: Home) -> None:
    change(stopped, "ALTER TABLE analysis_jobs DROP COLUMN heartbeat_at; DROP INDEX watchlist_ticker")
    with pytest.raises(LocalError) as refused:
        stack.up(stopped)
    said = str(refused.value).splitlines()
    assert said[0].startswith("the database `stocks` has drifted from schema ")
    assert said[1].startswith(f"  {LACKS}: ALTER TABLE analysis_jobs ADD COLUMN heartbeat_at ")
    assert said[2].startswith("  index watchlist_ticker of table watchlist is missing: CREATE INDEX watchlist_ticker ")
    assert said[3:] == ["`make mend` runs these statements, all or none"]
    assert processes.of_stack(stopped.folder) == []
    assert postgres.running_postmaster(stack.cluster_of(stopped)) is None

    done = care.mend(stopped).splitlines()
    assert done[:2] == [f"mended: {LACKS}", "mended: index watchlist_ticker of table watchlist is missing"]
    assert postgres.running_postmaster(stack.cluster_of(stopped)) is None
    with stack.database_of(stopped) as present:
        database.migrate(stopped, present.cluster, present.secrets, DATABASES, present.env)


def test_what_cannot_be_mended_is_said_and_left_as_it_is(stopped: Home) -> None:
    change(stopped, "DROP TABLE analysis_raw_data")
    for _ in range(2):
        with pytest.raises(
            LocalError, match=r"nothing was mended: .*\n  table analysis_raw_data is missing: restore a"
        ):
            care.mend(stopped)


def test_mending_a_sound_database_changes_nothing(stopped: Home) -> None:
    assert care.mend(stopped).startswith("database at schema version ")


def test_the_doctor_says_that_nothing_runs(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert care.doctor(home) is False
    assert capsys.readouterr().out == (
        "Nothing runs; `make up` starts everything\nThe database was not looked at: it runs after `make up`\n"
    )


def test_where_no_database_is_there_is_nothing_to_mend(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local", "mend"],
        env={**os.environ, "BELLWETHER_HOME": str(home.folder)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Failed: there is no database here yet; `make up` makes it\n"


def test_commands_are_called_as_they_are_called_here() -> None:
    assert database.in_our_words("run `python -m include.storage.migrate`") == "run `make down; make up`"
    assert database.in_our_words("`python -m include.storage.migrate --mend` runs") == "`make mend` runs"
