"""Any order of steps leaves the database as the contract says; tests/crash goes on for longer."""

import logging

import pytest

from local.postgres import Cluster
from tests.conftest import OWNER, PASSWORD
from tests.jobs.lifecycle import run_lifecycles


def test_after_any_order_of_steps_the_database_says_what_the_model_says(
    cluster: Cluster, database: str, app_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "include")  # a thousand steps say a thousand things
    run_lifecycles(app_url, cluster.url(database, role=OWNER, password=PASSWORD), examples=20, steps=30)
