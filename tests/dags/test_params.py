"""The form that Airflow draws: every field of a request, with its limits, help and choices."""

from typing import Any

import pytest

from include.jobs.form import RequestForm

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def params(dagbag: Any) -> Any:
    return dagbag.dags["analyze_stocks"].params


def test_every_field_of_a_request_is_a_param_with_title_and_help(params: Any) -> None:
    assert list(params) == list(RequestForm.model_fields)
    for name, field in RequestForm.model_fields.items():
        schema = params.get_param(name).schema
        assert (schema["title"], schema["description_md"]) == (field.title, field.description)


def test_the_defaults_are_those_of_the_request(params: Any) -> None:
    assert params.dump() == RequestForm().model_dump(mode="json")


def test_the_main_fields_stand_open_and_the_rest_is_in_sections(params: Any) -> None:
    sections: dict[str | None, list[str]] = {}
    for name in params:
        sections.setdefault(params.get_param(name).schema.get("section"), []).append(name)
    assert sections == {
        None: ["tickers", "universe", "strategy", "data_source"],
        "Position sizing": ["capital", "risk_percent", "position_limit_percent", "min_risk_reward"],
        "Advanced": ["as_of", "force", "on_duplicate", "request_id", "batch_size"],
    }


def test_choices_have_readable_labels(params: Any) -> None:
    schema = params.get_param("universe").schema
    assert schema["enum"][:2] == [None, "watchlist"]
    assert schema["values_display"]["null"] == "(none)"
    assert schema["values_display"]["watchlist"] == "My watchlist"
    assert params.get_param("strategy").schema["values_display"]["balanced"] == "Balanced"


def test_a_process_that_runs_a_task_checks_no_ticker_of_it_again(params: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from include.pipeline.params import request_params

    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_TASK_ID", "analyze")
    in_task = request_params()
    assert {name: param.schema for name, param in in_task.items()} == {name: {} for name in params}
    assert {name: param.value for name, param in in_task.items()} == params.dump()
