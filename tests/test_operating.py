"""What docs/operating.md tells people to type, and to write into files, does what it says."""

import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "operating.md").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
OVERRIDES = [yaml.safe_load(block)["services"] for block in re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)]
DAG = "stocks_housekeeping"


def typed(script: str, folder: Path) -> list[str]:
    """The lines that bash prints when this is typed in a folder."""
    return subprocess.run(["bash", "-c", script], cwd=folder, check=True, capture_output=True, text=True).stdout.split(
        "\n"
    )[:-1]


@pytest.fixture
def clean(tmp_path: Path) -> list[str]:
    """The arguments of `airflow` in the page's command, as bash makes them."""
    (command,) = re.findall(r"^airflow db clean .*$", PAGE, flags=re.MULTILINE)
    return typed(f"""airflow() {{ printf '%s\\n' "$@"; }}; {command}""", tmp_path)


@pytest.mark.usefixtures("airflow")
def test_runs_of_long_ago_go_for_good_but_for_the_last_that_a_schedule_made(clean: list[str]) -> None:
    from airflow.cli.cli_parser import get_parser
    from airflow.models.dagrun import DagRun
    from airflow.utils.db import reflect_tables
    from airflow.utils.session import create_session
    from sqlalchemy import select

    long_ago, of_it = datetime.now(UTC) - timedelta(days=100), {"dag_id": DAG, "state": "success"}
    runs = [
        DagRun(run_id="asked", run_type="manual", **of_it),
        DagRun(run_id="planned", run_type="scheduled", **of_it),
        DagRun(run_id="last_planned", run_type="scheduled", **of_it),
        DagRun(run_id="asked_now", run_type="manual", **of_it),
    ]
    for number, run in enumerate(runs):
        run.start_date = long_ago + timedelta(days=number) if number < 3 else datetime.now(UTC)
    with create_session() as session:
        session.add_all(runs)

    given = get_parser().parse_args(clean)
    given.func(given)

    with create_session() as session:
        assert set(session.scalars(select(DagRun.run_id))) == {"asked_now", "last_planned"}
        kept = [name for name in reflect_tables(tables=None, session=session).tables if "_deleted_" in name]
        assert kept == []


def test_under_make_airflow_runs_with_the_environment_of_what_is_up(tmp_path: Path) -> None:
    (function,) = re.findall(r"```bash\n(airflow\(\).*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "stack.py").write_text(
        f"import types\nrunning = lambda: types.SimpleNamespace(env={{'PATH': {str(tmp_path)!r}, 'WHOSE': 'its'}})\n"
    )
    (tmp_path / "airflow").write_text('#!/bin/sh\nprintf "%s\\n" "$WHOSE" "$@"\n')
    (tmp_path / "airflow").chmod(0o755)
    assert typed(f"{function}\nairflow pools set default_pool 256 ''", tmp_path) == [
        "its",
        *shlex.split("pools set default_pool 256 ''"),
    ]


@pytest.mark.parametrize("services", OVERRIDES)
def test_what_is_written_over_is_in_the_compose_file(services: dict[str, Any]) -> None:
    for name, over in services.items():
        assert over.get("environment", {}).keys() <= COMPOSE["services"][name]["environment"].keys(), name


def test_another_host_reaches_what_the_first_one_publishes() -> None:
    published = {
        name: port.rpartition(":")[0].rpartition(":")
        for services in OVERRIDES
        for name, over in services.items()
        for port in over.get("ports", ())
    }
    assert {address for name, (address, *_) in published.items() if name != "worker"} == {"10.0.0.1"}
    (worker,) = [services["worker"] for services in OVERRIDES if "worker" in services]
    assert {entry.partition(":")[0] for entry in worker["extra_hosts"]} == published.keys() - {"worker"}
    environment = COMPOSE["services"]["worker"]["environment"]
    for name, (_, _, port) in published.items():
        assert name == "worker" or any(f"{name}:{port}/" in str(value) for value in environment.values()), name
    (known,) = [services["api-server"]["extra_hosts"] for services in OVERRIDES if "api-server" in services]
    assert known == [f"{worker['hostname']}:{published['worker'][0]}"]
