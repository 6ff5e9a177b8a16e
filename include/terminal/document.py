"""What was found as JSON, for programs. Levels are strings with the digits of their tick."""

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter

from include.analysis import describe_difference
from include.model.difference import Difference
from include.model.errors import Refusal
from include.model.job import Outcome
from include.terminal.looks import Look

_OUTCOME = TypeAdapter(Outcome)
_DIFFERENCE = TypeAdapter(Difference)
_REFUSAL = TypeAdapter(Refusal)


def as_json(looks: Sequence[Look | Refusal]) -> str:
    """A list with one object a ticker: analysis, reasons, position, difference and error; what there is not is null."""
    return json.dumps([_document(found) for found in looks], indent=2, ensure_ascii=False)


def _document(found: Look | Refusal) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys((*(field.name for field in fields(Outcome)), "difference", "error"))
    if isinstance(found, Refusal):
        return {"ticker": found.ticker, **empty, "error": _REFUSAL.dump_python(found, mode="json")}
    outcome = _OUTCOME.dump_python(found.outcome, mode="json")
    difference = found.difference and {
        "words": describe_difference(found.difference),
        **_DIFFERENCE.dump_python(found.difference, mode="json"),
    }
    return {"ticker": found.outcome.analysis.ticker, **empty, **outcome, "difference": difference}
