"""What is refused before anything is started."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from local import stack
from local.errors import LocalError
from local.home import Home
from local.source import Source, YahooPorts
from local.workers import Celery


@pytest.fixture
def home(tmp_path: Path) -> Home:
    tmp_path.chmod(0o711)
    made = Home(tmp_path / "state")
    made.make()
    return made


def test_without_its_secrets_a_database_is_not_touched(home: Home) -> None:
    (stack.place_of_data(home) / "data").mkdir(parents=True)
    try:
        with pytest.raises(LocalError, match=r"secrets\.json is gone"):
            stack.up(home)
        assert not home.secrets_file.exists()
    finally:
        stack.clean(home)


def test_a_full_disk_is_said_before_anything_is_written(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "LEAST_FREE_BYTES", 2**60)
    with pytest.raises(LocalError, match="is full"):
        stack.up(home)
    assert not home.secrets_file.exists()


def test_a_number_that_is_none_is_said_before_anything_is_written(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "all")
    with pytest.raises(LocalError, match="AIRFLOW__CORE__PARALLELISM='all'"):
        stack.up(home)
    assert not home.secrets_file.exists()


@pytest.mark.as_root
def test_a_moved_folder_does_not_get_an_empty_database_in_silence(home: Home, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "data").mkdir(parents=True)
    (home.folder / "database-folder").write_text(str(elsewhere))
    with pytest.raises(LocalError, match="moved or copied"):
        stack.up(home)


def test_only_a_change_of_a_user_starts_the_api_server_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    restarted: list[str] = []
    present = SimpleNamespace(url="", api_port=1, source=Source.SAMPLE, database_url=str)
    monkeypatch.setattr(stack, "running", lambda home: present)
    monkeypatch.setattr(stack.supervision, "restart", lambda home, name: restarted.append(name))
    monkeypatch.setattr(stack.waiting, "for_health", lambda *_: None)
    monkeypatch.setattr(stack.airflow_api, "warm", lambda url: None)
    monkeypatch.setattr(stack.starter, "give_watchlists", lambda *_: None)
    passwords = {stack.add_user(home, "ann", role) for role in ("viewer", "viewer", "op", "op")}
    assert restarted == ["api-server", "api-server"]
    assert len(passwords) == 1


@pytest.mark.parametrize(
    ("runs_with", "asked", "starts_with"),
    [
        (None, None, Source.SAMPLE),
        (None, Source.YAHOO_LOCAL, Source.YAHOO_LOCAL),
        (Source.SAMPLE, Source.YAHOO_LOCAL, Source.YAHOO_LOCAL),
        (Source.YAHOO_LOCAL, Source.SAMPLE, Source.SAMPLE),
        (Source.YAHOO_LOCAL, None, None),
        (Source.YAHOO_LOCAL, Source.YAHOO_LOCAL, None),
    ],
)
def test_it_starts_with_the_source_that_is_asked_for_unless_that_runs(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    runs_with: Source | None,
    asked: Source | None,
    starts_with: Source | None,
) -> None:
    ports = YahooPorts(proxy=1, control=2) if runs_with is Source.YAHOO_LOCAL else None
    present = stack._stack(home, 8080, 5432, {}, ports) if runs_with else None
    stopped, started, said = [], [], []
    monkeypatch.setattr(stack, "running", lambda home: present)
    monkeypatch.setattr(stack, "_is_healthy_soon", lambda present: True)
    monkeypatch.setattr(stack.supervision, "stop_all", lambda *_: bool(stopped.append(runs_with)) or bool(runs_with))
    monkeypatch.setattr(stack, "_start", lambda stack, extra, say: started.append(stack.source))
    stack.up(home, say=lambda text, ends_line: said.append(text), source=asked)
    assert started == ([starts_with] if starts_with else [])
    assert [text for text in said if "Stopped" in text] == (
        [f"  Stopped what ran with SOURCE={runs_with} and EXECUTOR=local"] if runs_with and starts_with else []
    )


@pytest.mark.parametrize(
    ("runs_with", "asked", "starts_with"),
    [(None, None, 0), (None, 2, 2), (0, 2, 2), (2, 0, 0), (2, 3, 3), (2, None, None), (2, 2, None)],
)
def test_it_starts_with_the_workers_that_are_asked_for_unless_those_run(
    home: Home, monkeypatch: pytest.MonkeyPatch, runs_with: int | None, asked: int | None, starts_with: int | None
) -> None:
    celery = Celery(workers=runs_with, redis=1, logs=2) if runs_with else None
    present = None if runs_with is None else stack._stack(home, 8080, 5432, {}, None, celery)
    started = []
    monkeypatch.setattr(stack, "running", lambda home: present)
    monkeypatch.setattr(stack, "_is_healthy_soon", lambda present: True)
    monkeypatch.setattr(stack.supervision, "stop_all", lambda *_: runs_with is not None)
    monkeypatch.setattr(stack, "_start", lambda stack, extra, say: started.append(stack.workers))
    stack.up(home, workers=asked)
    assert started == ([] if starts_with is None else [starts_with])


def test_down_and_clean_where_nothing_ran(home: Home) -> None:
    assert stack.down(home) is False
    assert stack.clean(home)[0] == home.folder
    assert not home.folder.exists()
