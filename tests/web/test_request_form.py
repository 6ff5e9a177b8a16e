"""The form of a new analysis has what the model of a request has, as Airflow's own form does."""

import pytest

from include.jobs.form import RequestForm

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\..*")]


@pytest.fixture
def page(airflow: None) -> str:
    from include.web.pages.templates import environment

    return environment().get_template("request-form.html").render()


def test_every_field_of_the_model_is_in_the_form_but_the_key_that_the_page_makes(page: str) -> None:
    for name, field in RequestForm.model_fields.items():
        assert (f'name="{name}"' in page) is (name != "request_id")
        assert (f">{field.title}</label>" in page or f"> {field.title}</label>" in page) is (name != "request_id")


def test_the_form_begins_with_the_defaults_of_the_model(page: str) -> None:
    assert 'value="100000"' in page  # capital
    assert '<option value="balanced" selected>Balanced</option>' in page
    assert '<option value="" selected>(none)</option>' in page  # universe
    assert " checked" not in page


def test_a_choice_has_what_airflows_form_has(airflow: None) -> None:
    from include.pipeline.params import request_params
    from include.web.pages.request_form import request_form

    drawn = {field.name: field for section in request_form() for field in section.fields}
    for name, param in request_params().items():
        if "enum" in param.schema:
            assert [value for value in drawn[name].choices if value] == [
                value for value in param.schema["enum"] if value
            ]


def test_help_says_the_limits_and_shows_code_as_code_and_all_else_as_text(airflow: None) -> None:
    from include.web.pages.request_form import _with_code, request_form

    drawn = {field.name: field for section in request_form() for field in section.fields}
    assert drawn["capital"].help.endswith("More than 0, at most 1,000,000,000.")
    assert drawn["batch_size"].help.endswith("1 to 10,000.")
    assert "<code>TCS.NS</code>" in drawn["tickers"].help
    assert _with_code("<b> `<i>`") == "&lt;b&gt; <code>&lt;i&gt;</code>"
