"""The page that explains the local Yahoo names all its faults."""

from local.home import ROOT
from local.yahoo.faults import Fault


def test_every_fault_is_named() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    assert [fault for fault in Fault if f"`{fault}`" not in page] == []
