"""Some sessions of the sample, analysed: what the tests of results look at."""

from local.stack import Stack
from tests.end_to_end.airflow import Airflow

DAYS = ("2010-08-13", "2010-08-16", "2010-08-17", "2010-08-19", "2010-08-20")  # the sample has no 18th
TICKERS = ["JPM", "IBM", "KO", "HD", "MCD", "T", "JNJ"]


def analyse(site: Stack, user: str = "ann", **conf: object) -> str:
    """Ask for an analysis and wait for it; returns its job."""
    with Airflow(site, user) as airflow:
        job = airflow.request(**conf)
        assert airflow.wait(job)["state"] == "success"
    return job


def analyse_some_days(site: Stack) -> str:
    """Analyse TICKERS on each of DAYS; returns the last job."""
    jobs = [analyse(site, tickers=TICKERS, data_source="sample", as_of=day) for day in DAYS]
    return jobs[-1]
