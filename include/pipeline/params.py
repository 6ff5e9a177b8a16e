"""The DAG's params, made from the request's form: Airflow checks them and draws its trigger form from them."""

from typing import Any

from airflow.sdk import Param, get_parsing_context

from include.analysis import load_strategies
from include.jobs.form import WATCHLIST, RequestForm
from include.market.universes import universes
from include.settings import settings

SCHEMA = RequestForm.model_json_schema()["properties"]  # made once a process: every task parses the DAG
EVERYBODYS = (
    "One a line, as `JPM`, `BRK-B`, `TCS.NS`. Empty, without a universe: everybody's watchlists of the exchange."
)
NOTHING = "(none)"  # how the form shows that nothing is chosen


def request_params() -> dict[str, Param]:
    """One Param for each field of a request."""
    choices = field_choices()
    return {name: _param(field, choices.get(name)) for name, field in SCHEMA.items()}


def session_params(exchange: str) -> dict[str, Param]:
    """The same for runs of a timetable: the session is the run's, the watchlists are everybody's."""
    choices = field_choices()
    choices["universe"][WATCHLIST] = f"Everybody's watchlists of {exchange}"
    fields = {**SCHEMA, "tickers": {**SCHEMA["tickers"], "description": EVERYBODYS}}
    return {
        name: _param(field, choices.get(name)) for name, field in fields.items() if name not in ("as_of", "request_id")
    }


def field_choices() -> dict[str, dict[str, str]]:
    """Fields with a fixed set of values: value -> how the form shows it."""
    strategies = load_strategies(settings().strategies_file)
    return {
        "strategy": {name: strategy.title for name, strategy in strategies.items()},
        "universe": {WATCHLIST: "My watchlist"} | {name: u.label for name, u in universes().items()},
        "data_source": {
            "yahoo": "Yahoo (live)",
            "sample": "Sample (real, 2009-2010)",
            "demo": "Demo (synthetic)",
        },
        "on_duplicate": {
            "use_existing": "Be answered with it",
            "fail": "Fail",
            "supersede": "Cancel it and take over",
        },
    }


def _param(field: dict[str, Any], choices: dict[str, str] | None) -> Param:
    """One JSON-schema property as a Param: Airflow wants a list of types where the schema has anyOf.

    In a process that runs a task it has no schema: who triggered was told what is wrong, and `open_job` checks all of
    it by the form. Airflow would check it twice in each task, with 10,000 tickers for a fifth of a second.
    """
    if get_parsing_context().task_id is not None:
        return Param(field["default"])
    schema = {key: value for key, value in field.items() if key not in ("anyOf", "default", "description")}
    for variant in field.get("anyOf", ()):
        kinds = [*schema.get("type", []), variant["type"]]
        schema.update(variant, type=kinds)
    if choices:
        nullable = "null" in schema["type"]
        schema["enum"] = [*([None] if nullable else []), *choices]
        schema["values_display"] = choices | ({"null": NOTHING} if nullable else {})
    # `null` first: the form then shows an optional field as empty
    if isinstance(schema["type"], list):
        schema["type"].sort(key=lambda kind: kind != "null")
    return Param(field["default"], description=None, description_md=field["description"], **schema)
