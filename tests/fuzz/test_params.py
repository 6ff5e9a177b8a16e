"""What Airflow's own trigger is sent as `conf`: taken, or refused with the field's name; never a fault."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from include.jobs.form import RequestForm
from local.stack import Stack
from tests.dice import seed_of
from tests.end_to_end.airflow import RUNS, Airflow

EXAMPLES = 300
FIELDS = tuple(RequestForm.model_fields)
OFTEN = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # against a server that remembers, a smaller example is another story
    suppress_health_check=list(HealthCheck),
)

ODD_TEXTS = st.sampled_from(
    [
        "",
        " ",
        "\0",
        "NaN",
        "'; DROP TABLE analysis_jobs; --",
        "../..",
        "%2F",
        "JPM",
        "ß",
        "\u202eMPJ",
        "\ud800",
        "x" * 5000,
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | ODD_TEXTS
    | st.dates(min_value=date(1900, 1, 1)).map(str)
)
VALUES = st.recursive(
    LEAVES, lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=5), part, max_size=3)
)
LIKELY: dict[str, Any] = {
    "tickers": st.lists(
        st.sampled_from(["IBM", "jpm ", "KO", "NOSUCH", "A B", "", "^GSPC", "X" * 60, "TCS.NS"]), max_size=5
    ),
    "universe": st.sampled_from(["sample", "watchlist", "nothing", ""]),
    "strategy": st.sampled_from(["balanced", "technical_rating", "nothing"]),
    "data_source": st.sampled_from(["sample", "demo", "yahoo", "nothing"]),
    "as_of": st.dates(date(1990, 1, 1), date(2035, 1, 1)).map(str),
    "on_duplicate": st.sampled_from(["use_existing", "fail", "supersede", "no"]),
    "request_id": st.sampled_from(["one", "two", "with space", "x" * 201]),
}
CONFS = st.fixed_dictionaries(
    {}, optional={name: LIKELY.get(name, LEAVES) | VALUES for name in FIELDS}
) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=20), VALUES, max_size=6)


@pytest.fixture(scope="module")
def airflow(installation: Stack) -> Iterator[Airflow]:
    with Airflow(installation) as client:
        yield client


def trigger(airflow: Airflow, conf: dict[str, Any]) -> httpx.Response:
    content = json.dumps({"logical_date": None, "conf": conf})
    return airflow.http.post(RUNS, content=content, headers={"Content-Type": "application/json"})


def test_any_conf_is_taken_or_refused_by_the_name_of_a_field(airflow: Airflow) -> None:
    @seed(seed_of("conf"))
    @OFTEN
    @given(conf=CONFS)
    def ask(conf: dict[str, Any]) -> None:
        answer = trigger(airflow, conf)
        assert answer.status_code in (200, 400, 409), answer.text
        if answer.status_code == httpx.codes.BAD_REQUEST:
            assert any(name in answer.json()["detail"] for name in (*FIELDS, *conf)), answer.text

    ask()


BAD: dict[str, Any] = {
    "tickers": st.text() | st.integers() | st.lists(st.integers() | st.just("A B"), min_size=1),
    "universe": st.integers() | st.just("nothing"),
    "strategy": st.none() | st.integers() | st.just("nothing"),
    "data_source": st.none() | st.integers() | st.text(max_size=3),
    "capital": st.none()
    | st.text()
    | st.booleans()
    | st.floats(max_value=0)
    | st.floats(min_value=1e9, exclude_min=True),
    "risk_percent": st.none() | st.text() | st.floats(max_value=0) | st.floats(min_value=100, exclude_min=True),
    "position_limit_percent": st.text() | st.floats(max_value=0) | st.floats(min_value=100, exclude_min=True),
    "min_risk_reward": st.none() | st.text() | st.floats(max_value=0) | st.floats(min_value=20, exclude_min=True),
    "as_of": st.integers() | st.just("2010-02-30") | st.just("9999-01-01"),
    "force": st.none() | st.text() | st.integers(),
    "on_duplicate": st.none() | st.text(max_size=3),
    "request_id": st.integers() | st.just("") | st.just("two words"),
    "batch_size": st.text() | st.floats() | st.integers(max_value=0) | st.integers(min_value=10_001),
    "captial": VALUES,
}
WRONG = st.sampled_from(sorted(BAD)).flatmap(lambda name: st.tuples(st.just(name), BAD[name]))


def test_a_wrong_field_among_right_ones_is_named(airflow: Airflow) -> None:
    @seed(seed_of("wrong field"))
    @OFTEN
    @given(wrong=WRONG)
    def ask(wrong: tuple[str, Any]) -> None:
        name, value = wrong
        answer = trigger(airflow, {"tickers": ["IBM"], "data_source": "sample", name: value})
        assert answer.status_code == httpx.codes.BAD_REQUEST, (name, value, answer.text)
        assert name in answer.json()["detail"], (value, answer.text)

    ask()
