"""A stored result can be computed again, to the last figure."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from include.analysis import load_strategies
from include.market.cache import CachedPrices
from include.market.sources import open_source
from include.model.analysis import RiskProfile
from include.model.bars import DataSource
from include.pipeline import rebuild as module
from include.pipeline.batch import run_batch
from include.pipeline.rebuild import NotRebuildableError, rebuild, report
from include.settings import settings
from include.storage.connection import Connection, connect
from include.storage.database import Database
from include.storage.jobs import finalize_job
from include.storage.results import stored_outcomes
from tests.market.histories import ScriptedSource, history, weekdays
from tests.storage.demands import SESSION, begun, demand

RISK = RiskProfile(capital=50_000.0, risk_percent=1.0, position_limit_percent=10.0, min_risk_reward=3.0)
TICKERS = ("AAPL", "DHR", "IBM", "JPM", "KO", "XOM")


@pytest.fixture
def job(connection: Connection, app_url: str) -> Callable[..., str]:
    """Runs a job as its task does; returns its id."""

    def run(
        *tickers: str, strategy: str = "balanced", source: DataSource = DataSource.SAMPLE, job_id: str = "job"
    ) -> str:
        version = load_strategies()[strategy].version
        wanted = demand(
            *tickers, force=True, strategy=strategy, strategy_version=version, data_source=source, risk=RISK
        )
        batch = begun(connection, job_id, wanted)
        with Database(lambda: connect(app_url), patience_seconds=5) as database:
            run_batch(database, batch, open_source)
        finalize_job(connection, job_id)
        return job_id

    return run


@pytest.mark.parametrize("source", [DataSource.SAMPLE, DataSource.DEMO])
@pytest.mark.parametrize("strategy", load_strategies())
def test_every_figure_of_every_result_comes_out_again(
    strategy: str,
    source: DataSource,
    job: Callable[..., str],
    connection: Connection,
    capsys: pytest.CaptureFixture[str],
) -> None:
    job_id = job(*TICKERS, strategy=strategy, source=source)
    stored = stored_outcomes(connection, job_id, None)
    assert [s.columns["ticker"] for s in stored] == sorted(TICKERS)
    assert [rebuild(connection, s) for s in stored] == [[]] * len(TICKERS)
    assert report(connection, job_id, None) == 0
    said = capsys.readouterr().out
    assert f"XOM 2010-08-20 {strategy} {source}: equal (23 columns, " in said
    assert said.endswith("6 of 6 results equal\n")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("analysis_results SET score = 36.5", "score: stored 36.5, rebuilt 36.6"),
        ("analysis_results SET summary = 'Sell'", "summary: stored Sell, rebuilt Sell, 36.6: "),
        ("analysis_results SET stop_loss = 60.60", "stop_loss: stored 60.60, rebuilt 60.59"),
        ("analysis_results SET bars_hash = 'x'", "bars_hash: stored x, rebuilt dab35b077fb5f98cfbb801a808b5d8e8"),
        ("analysis_jobs_details SET position_size = 1", "position_size: stored 1, rebuilt "),
        ("analysis_jobs_details SET notes = '{}'", "notes: stored [], rebuilt ['target lowered "),
        (
            "analysis_raw_data SET readings = jsonb_set(readings, '{4,value}', '41')",
            "readings.rsi.value: stored 41, rebuilt 40.97558161",
        ),
        ("analysis_raw_data SET readings = readings - 0", "readings.macd: stored None, rebuilt {'id': 'macd'"),
    ],
)
def test_a_figure_that_was_changed_is_found_and_named(
    change: str, told: str, job: Callable[..., str], connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    job("XOM")
    connection.execute(f"UPDATE {change}".encode())
    assert report(connection, None, "XOM") == 1
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.startswith("XOM 2010-08-20 balanced sample: NOT equal, figures that differ: 1 (")
    assert second.startswith(f"  {told}")
    assert last == "0 of 1 results equal"


def test_a_ticker_stands_for_all_its_results_and_a_job_for_its_own(
    job: Callable[..., str], connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    job("XOM", "KO", job_id="one")
    job("XOM", strategy="technical_rating", job_id="two")
    assert report(connection, None, "XOM") == 0
    assert capsys.readouterr().out.endswith("2 of 2 results equal\n")
    assert report(connection, "one", None) == 0
    assert capsys.readouterr().out.endswith("2 of 2 results equal\n")
    assert report(connection, "one", "XOM") == 0
    assert capsys.readouterr().out.endswith("1 of 1 results equal\n")


def test_a_ticker_that_failed_has_nothing_to_rebuild(
    job: Callable[..., str], connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    job("XOM", "NOSUCH")
    assert report(connection, "job", None) == 0
    assert report(connection, "job", "NOSUCH") == 2
    assert capsys.readouterr().err == "no result is stored of job 'job' and ticker 'NOSUCH'\n"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "strategy_version = 'old'",
            "the strategy balanced is version 0a0a0b937091 now; the result is of version old",
        ),
        ("strategy = 'mine'", "the strategy mine does not exist any more; the result is of version "),
        ("data_source = 'yahoo'", "the price cache does not have its prices any more"),
        ("ticker = 'GONE'", "the prices cannot be had any more: the sample has no GONE: "),
        ("session_date = '2010-08-21'", "the prices allow no analysis any more: the last bar is of 2010-08-20"),
    ],
)
def test_what_cannot_be_rebuilt_says_why(
    change: str, told: str, job: Callable[..., str], connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    job("XOM")
    connection.execute("DELETE FROM latest_results")  # which expects that a result stays what it is of
    connection.execute(f"UPDATE analysis_results SET {change}".encode())
    (stored,) = stored_outcomes(connection, "job", None)
    with pytest.raises(NotRebuildableError) as raised:
        rebuild(connection, stored)
    assert str(raised.value).startswith(told)
    assert report(connection, "job", None) == 1
    assert told in capsys.readouterr().out


def test_live_prices_come_out_of_the_cache_again_unless_they_were_changed(
    connection: Connection, app_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    days = weekdays(300, date(2009, 6, 29))
    assert days[-1] == SESSION
    told = history("KO", 300, sessions=np.array(days, "M8[D]"))
    source = ScriptedSource({"KO": told})
    version = load_strategies()["balanced"].version
    wanted = demand("KO", strategy_version=version, data_source=DataSource.YAHOO, risk=RISK)
    batch = begun(connection, "job", wanted)
    with Database(lambda: connect(app_url), 5) as database, Database(lambda: connect(app_url), 5) as beside:
        run_batch(database, batch, lambda name: CachedPrices(source, database, beside, settings()))
    finalize_job(connection, "job")
    assert report(connection, "job", None) == 0
    assert "KO 2010-08-20 balanced yahoo: equal" in capsys.readouterr().out
    connection.execute("UPDATE prices SET volume = volume + 1 WHERE session_date = '2010-08-20'")
    connection.execute("UPDATE price_series SET replaced_at = '2010-08-23 12:00Z', replaced_reason = 'dividend'")
    assert report(connection, "job", None) == 1
    assert "Yahoo has changed its prices since (seen on 2010-08-23: dividend)" in capsys.readouterr().out


def test_without_a_name_there_is_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        module.main([])
    assert ended.value.code == 2
    assert "name a job or --ticker" in capsys.readouterr().err
