"""The DAG of the track record, run by Airflow in this process."""

from collections.abc import Callable
from typing import Any

import pytest

from include.model.bars import DataSource
from include.storage.connection import Connection
from include.storage.track_record import kept_records
from tests.dags.test_stocks_housekeeping import note, report

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\\..*")]


@pytest.fixture
def follow(dag: Any, dagbag: Any) -> Callable[[], Any]:
    """Runs the DAG once, on the fresh database."""
    return lambda: dagbag.dags["stocks_track_record"].test()


def test_verdicts_of_a_job_are_followed_and_their_record_kept(
    dag: Any, follow: Callable[[], Any], connection: Connection
) -> None:
    dag.test(run_conf={"tickers": ["IBM", "JPM"], "data_source": "sample", "as_of": "2010-06-01"})
    run = follow()
    assert str(run.state) == "success"
    assert report(run) == {"followed": 2, "records": 1, "more": False}
    assert note(run) == "verdicts followed: 2; records renewed: 1"
    (record,) = kept_records(connection, "balanced", DataSource.SAMPLE)
    assert sum(group.verdicts for group in record.by_verdict) == 2
    assert [horizon.count for group in record.by_verdict for horizon in group.horizons] in ([2, 2, 2], [1] * 6)


def test_nothing_to_do_is_a_success_without_a_note(follow: Callable[[], Any]) -> None:
    run = follow()
    assert (str(run.state), report(run)["followed"], note(run)) == ("success", 0, None)
