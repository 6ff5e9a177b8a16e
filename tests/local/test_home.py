"""The state folder: secrets that only their owner reads, made once; a socket path that fits."""

import os
import stat
from dataclasses import asdict
from pathlib import Path

import pytest

from local import home as home_module
from local.errors import LocalError
from local.home import Home, read_secrets, write_private


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "state")
    made.make()
    return made


def test_secrets_are_made_once_and_only_their_owner_reads_them(home: Home) -> None:
    secrets = read_secrets(home)
    assert read_secrets(home) == secrets
    assert stat.S_IMODE(home.secrets_file.stat().st_mode) == 0o600


def test_secrets_are_long_and_all_different(home: Home) -> None:
    secrets = read_secrets(home)
    values = [secrets.superuser, secrets.airflow, secrets.stocks_owner, secrets.stocks_app, secrets.jwt, secrets.api]
    assert len({*values, secrets.fernet}) == 7
    assert min(len(value) for value in values) >= 32
    assert len(secrets.jwt) >= 64


def test_secrets_are_in_no_representation(home: Home) -> None:
    assert read_secrets(home).jwt not in repr(read_secrets(home))


def test_damaged_secrets_are_reported_not_replaced(home: Home) -> None:
    home.secrets_file.write_text('{"jwt":')
    with pytest.raises(LocalError, match=r"secrets\.json is damaged"):
        read_secrets(home)
    assert home.secrets_file.read_text() == '{"jwt":'


def test_an_older_installation_gets_the_secret_that_it_has_not_and_keeps_the_others(home: Home) -> None:
    first = read_secrets(home)
    older = {name: value for name, value in asdict(first).items() if name != "redis"}
    write_private(home.secrets_file, older)
    now = read_secrets(home)
    assert now == read_secrets(home)
    assert now.redis not in ("", first.redis)
    assert {name: value for name, value in asdict(now).items() if name != "redis"} == older


@pytest.mark.parametrize("secrets", [{"jwt": "known"}, {"unknown": "x"}])
def test_secrets_of_which_some_are_gone_or_unknown_are_damaged(home: Home, secrets: dict[str, str]) -> None:
    write_private(home.secrets_file, secrets)
    with pytest.raises(LocalError, match=r"secrets\.json is damaged"):
        read_secrets(home)


def test_a_private_file_is_replaced_whole(home: Home) -> None:
    write_private(home.secrets_file, {"a": 1})
    write_private(home.secrets_file, {"b": 2})
    assert [entry.name for entry in home.folder.iterdir() if "secrets" in entry.name] == ["secrets.json"]


def test_logs_are_for_the_owner_alone(home: Home) -> None:
    assert stat.S_IMODE(home.logs.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.folder.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)


def test_the_socket_is_in_the_folder() -> None:
    assert Home(Path("/srv/state")).socket == Path("/srv/state/supervisor.sock")


def test_in_a_deep_clone_the_socket_is_in_a_short_folder_of_our_own(tmp_path: Path) -> None:
    deep = Home(tmp_path / ("deep" * 25))
    deep.make()
    deep.make_socket_folder()
    assert len(os.fsencode(deep.socket)) < 90
    assert stat.S_IMODE(deep.socket.parent.stat().st_mode) == 0o700
    assert deep.socket != Home(tmp_path / ("deep" * 26)).socket
    deep.remove_socket()
    assert not deep.socket.parent.exists()


def test_the_folder_can_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_HOME", str(tmp_path))
    assert home_module.default_home() == Home(tmp_path)
    monkeypatch.delenv("BELLWETHER_HOME")
    assert home_module.default_home() == Home(home_module.ROOT / ".local")
