"""What the pages say of the client is what it does."""

import re
from pathlib import Path

import pytest

from include.client.client import DEFAULT_URL
from include.client.commands.main import COMMANDS
from include.client.settings import ClientSettings
from tests.client.said import JOB_ID, SUBMISSION, detail, job
from tests.client.server import API, Server, answer, event, stream

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text()
README = (ROOT / "README.md").read_text()


def test_every_command_is_named() -> None:
    assert [name for name in COMMANDS if f"`{name}`" not in PAGE] == []


def test_the_table_of_variables_is_complete_and_true() -> None:
    rows = ["| variable | default | what it says |", "|---|---|---|"]
    for name, field in ClientSettings.model_fields.items():
        default = f" `{field.default}` " if field.default else " "
        rows.append(f"| `BELLWETHER_{name.upper()}` |{default}| {field.description} |")
    assert "\n".join(rows) in PAGE


def test_the_example_of_the_readme_works(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    server.will("POST", f"{API}/jobs", answer(SUBMISSION, 201))
    server.will("GET", f"{API}/jobs/{JOB_ID}/events", stream(event("ended", "a", job("completed", completed=2))))
    rows = [detail("IBM", verdict="Hold", score=46.1), detail("JPM", verdict="Sell", score=32.5)]
    server.will("GET", f"{API}/jobs/{JOB_ID}/details", answer({"items": rows}))
    exec(example.replace(DEFAULT_URL, server.url), {})  # noqa: S102 - it is our own page
    assert capsys.readouterr().out == "completed\nIBM Hold 46.1\nJPM Sell 32.5\n"
