"""What README and docs say is what the code does."""

import re
from pathlib import Path

from include.jobs.form import RequestForm
from include.market.universes import UNIVERSES
from include.model.errors import ErrorCode
from include.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = {page.name: page.read_text() for page in (ROOT / "docs").glob("*.md")}


def settings_table() -> str:
    rows = ["| variable | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        rows.append(f"| `BELLWETHER_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def test_the_settings_table_is_complete_and_true() -> None:
    assert settings_table() in README


def test_every_field_of_a_request_is_explained() -> None:
    explained = re.search(r"\| field \| allowed .*?\n\n", README, flags=re.DOTALL)
    assert explained is not None
    assert set(re.findall(r"^\| `(\w+)`", explained[0], flags=re.MULTILINE)) == set(RequestForm.model_fields)
    assert all(f"`{name}`" in explained[0] for name in UNIVERSES)


def test_every_code_of_a_failed_ticker_is_explained() -> None:
    assert [code for code in ErrorCode if f"`{code}`" not in PAGES["operating.md"]] == []


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"`make (?:-s )?([a-z-]+)", "\n".join([README, *PAGES.values()])))
    assert named <= targets


def test_every_link_to_a_file_leads_to_one() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^):#]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
