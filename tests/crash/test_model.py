"""Orders of steps for long: see tests/jobs/lifecycle.py. BELLWETHER_SEED does a run again."""

import logging

import pytest

from include.model.job import JobStatus
from local.postgres import Cluster
from tests.conftest import OWNER, PASSWORD
from tests.crash.histories import History
from tests.jobs.lifecycle import run_lifecycles

OF_REQUESTS = {"created", "joined", "reopened", "reused"}
REFUSALS = {"CancelledRunError", "DuplicateJobError", "InvalidRequestError", "StaleAttemptError"}
ENDS = {status.value for status in JobStatus if not status.is_active}


def test_after_any_order_of_many_steps_the_database_says_what_the_model_says(
    cluster: Cluster, database: str, app_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "include")
    history = History("lifecycles")
    seen = run_lifecycles(app_url, cluster.url(database, role=OWNER, password=PASSWORD), examples=250, steps=50)
    history.say("ended", **seen)
    assert seen.keys() >= OF_REQUESTS | REFUSALS | ENDS, "the steps did not lead everywhere"
