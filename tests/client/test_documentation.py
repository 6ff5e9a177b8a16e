"""What the pages say of the client is what it does."""

import ast
import re
from pathlib import Path

from include.client.commands.main import COMMANDS
from include.client.settings import ClientSettings

ROOT = Path(__file__).parents[2]
API = (ROOT / "docs" / "api.md").read_text()
README = (ROOT / "README.md").read_text()


def test_every_command_is_named() -> None:
    assert [name for name in COMMANDS if f"`{name}`" not in API] == []


def test_the_table_of_variables_is_complete_and_true() -> None:
    rows = ["| variable | default | what it says |", "|---|---|---|"]
    for name, field in ClientSettings.model_fields.items():
        default = f" `{field.default}` " if field.default else " "
        rows.append(f"| `BELLWETHER_{name.upper()}` |{default}| {field.description} |")
    assert "\n".join(rows) in API


def test_the_example_of_the_readme_is_python() -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    assert "include.client" in ast.unparse(ast.parse(example))
