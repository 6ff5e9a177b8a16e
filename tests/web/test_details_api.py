"""The tickers of a job over HTTP."""

import pytest

from include.model.errors import ErrorCode, Refusal
from include.storage.connection import Connection
from include.storage.results import store_outcomes
from tests.storage.demands import begun, demand, outcome
from tests.web.calls import error
from tests.web.conftest import Call

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\..*")]


@pytest.fixture
def job(connection: Connection) -> str:
    batch = begun(connection, "run-1", demand("IBM", "JPM", "KO"))
    store_outcomes(connection, batch, [outcome("IBM"), Refusal("JPM", ErrorCode.NO_DATA, "no bars"), outcome("KO")])
    return f"/jobs/{batch.job_id}"


@pytest.mark.parametrize("sort", ["ticker", "-seconds"])
def test_a_list_leads_through_all_tickers(api: Call, job: str, sort: str) -> None:
    seen, cursor = [], ""
    while cursor is not None:
        page = api("GET", f"{job}/details?sort={sort}&limit=1{cursor and f'&cursor={cursor}'}").json()
        seen += [row["ticker"] for row in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(seen) == ["IBM", "JPM", "KO"]


def test_a_cursor_belongs_to_its_order(api: Call, job: str) -> None:
    cursor = api("GET", f"{job}/details?limit=1").json()["next_cursor"]
    answer = api("GET", f"{job}/details?sort=-seconds&cursor={cursor}")
    assert (answer.status_code, error(answer)["details"][0]["field"]) == (400, "cursor")


def test_the_errors_of_a_job_say_what_to_do(api: Call, job: str) -> None:
    (group,) = api("GET", f"{job}/errors").json()["items"]
    assert (group["code"], group["count"], group["tickers"], group["message"]) == ("no_data", 1, ["JPM"], "no bars")
    assert "Choose another day" in group["what_to_do"]
    for path in ("errors", "details?error_code=no_data"):
        assert api("GET", f"{job}/{path}", "bob").status_code == 404
