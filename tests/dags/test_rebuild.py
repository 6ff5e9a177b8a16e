"""What the DAG stored is rebuilt by one command, with the connection of its tasks."""

from typing import Any

import pytest

from include.pipeline import rebuild

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\..*")]


def test_the_results_of_a_run_are_rebuilt_by_its_id(dag: Any, capsys: pytest.CaptureFixture[str]) -> None:
    dag_run = dag.test(run_conf={"tickers": ["IBM", "JPM"], "data_source": "sample", "strategy": "technical_rating"})
    capsys.readouterr()
    assert rebuild.main([dag_run.run_id]) == 0
    assert capsys.readouterr().out.endswith("2 of 2 results equal\n")
    assert rebuild.main(["no-such-run"]) == 2
