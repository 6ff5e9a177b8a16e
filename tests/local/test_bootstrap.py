"""What the installation decides before it installs anything."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import bootstrap


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    (tmp_path / "requirements.txt").write_text("one==1")
    (tmp_path / "requirements-distributed.txt").write_text("two==2")
    (tmp_path / "requirements-dev.txt").write_text("three==3")
    return tmp_path


def finish(kind: str = "run") -> None:
    bootstrap.python().parent.mkdir(parents=True, exist_ok=True)
    if not bootstrap.python().exists():
        bootstrap.python().symlink_to(sys.executable)
    bootstrap.stamp(kind).write_text(bootstrap.digest(kind))
    (bootstrap.VENV / "installing").unlink(missing_ok=True)


def test_an_old_python_can_read_it() -> None:
    ast.parse(Path(bootstrap.__file__).read_text(), feature_version=(3, 6))


@pytest.mark.parametrize(("version", "fit"), [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)])
def test_the_lock_fits_python(version: tuple[int, int], fit: bool) -> None:
    assert bootstrap.is_fit(version) is fit


def test_an_unfit_python_that_was_asked_for_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    with pytest.raises(bootstrap.InstallError, match=r"3\.11, 3\.12 or 3\.13 is needed and this is 3\.10"):
        bootstrap.use_fit_python(exactly=True)


@pytest.mark.usefixtures("clone")
def test_nothing_is_complete_at_first() -> None:
    assert not bootstrap.is_complete("run", exactly=False)


@pytest.mark.usefixtures("clone")
def test_a_finished_installation_is_complete_for_its_own_lock() -> None:
    finish("run")
    assert bootstrap.is_complete("run", exactly=False)
    assert not bootstrap.is_complete("dev", exactly=False)


@pytest.mark.usefixtures("clone")
def test_an_installation_is_complete_for_all_that_it_contains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "install", lambda kind: None)
    bootstrap.complete("distributed", exactly=False)
    complete = [kind for kind in ("run", "distributed", "dev") if bootstrap.is_complete(kind, exactly=False)]
    assert complete == ["run", "distributed"]


def test_what_was_installed_once_is_kept_up_to_date(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []
    monkeypatch.setattr(bootstrap, "install", installed.append)
    monkeypatch.setattr(sys, "argv", ["bootstrap", "--distributed"])
    bootstrap.main()
    (clone / "requirements-distributed.txt").write_text("two==2.1")
    monkeypatch.setattr(sys, "argv", ["bootstrap"])
    bootstrap.main()
    assert installed == ["distributed", "distributed"]


def test_a_changed_lock_is_installed_again(clone: Path) -> None:
    finish("run")
    (clone / "requirements.txt").write_text("one==1.1")
    assert not bootstrap.is_complete("run", exactly=False)


@pytest.mark.usefixtures("clone")
def test_another_python_that_was_asked_for_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    finish("run")
    monkeypatch.setattr(bootstrap, "base_python", lambda: "/another/python3")
    assert not bootstrap.is_complete("run", exactly=True)
    assert bootstrap.is_complete("run", exactly=False)


def test_an_interrupted_installation_starts_anew(clone: Path) -> None:
    bootstrap.VENV.mkdir()
    (bootstrap.VENV / "installing").touch()
    (bootstrap.VENV / "half").touch()
    bootstrap.make_environment(exactly=False)
    assert not (bootstrap.VENV / "half").exists()
    assert bootstrap.runs()


def test_a_failed_installation_says_so_and_is_not_complete(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(kind: str) -> None:
        raise bootstrap.InstallError("no index")

    monkeypatch.setattr(bootstrap, "install", fail)
    with pytest.raises(bootstrap.InstallError, match="no index"):
        bootstrap.complete("run", exactly=False)
    assert not bootstrap.is_complete("run", exactly=False)
    assert (clone / ".venv" / "installing").exists()


@pytest.mark.usefixtures("clone")
def test_a_failed_upgrade_keeps_what_worked(monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap.make_environment(exactly=False)
    finish("run")
    monkeypatch.setattr(bootstrap, "pip", lambda: ["false"])
    with pytest.raises(bootstrap.InstallError):
        bootstrap.complete("dev", exactly=False)
    assert bootstrap.is_complete("run", exactly=False)
    assert not (bootstrap.VENV / "installing").exists()


def test_make_alone_explains_every_target() -> None:
    root = Path(bootstrap.__file__).parent.parent
    said = subprocess.run(["make"], cwd=root, capture_output=True, text=True, check=True).stdout
    targets = "run up down status logs password user clean test check bench lock"
    assert [t for t in targets.split() if f"make {t} " not in said] == []


def test_make_hands_a_name_on_as_it_is(tmp_path: Path) -> None:
    root = Path(bootstrap.__file__).parent.parent
    name = f"$(shell touch {tmp_path}/expanded);touch {tmp_path}/ran"
    recipe = 'show: export SHOWN := $(BELLWETHER_USER_NAME)\nuser: ; @printf %s "$$BELLWETHER_USER_NAME"'
    text = (root / "Makefile").read_text().replace("user: installed ##", "user: ##").replace("@$(LOCAL) user", "")
    (tmp_path / "Makefile").write_text(f"{text}\n{recipe}\n")
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["make", "-s", "user", f"NAME={name}"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == name
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["Makefile"]
