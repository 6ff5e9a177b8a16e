"""Thousands of requests to every route: no fault of ours, and no answer that the OpenAPI document does not describe."""

import subprocess
import sys
from pathlib import Path

from local.stack import Stack
from tests.dice import seed_of

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
MINUTES = 45


def test_every_answer_to_anything_is_as_the_document_says(installation: Stack) -> None:
    seed = seed_of("requests")
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)),
        *("run", f"{installation.url}/api/stocks/openapi.json"),
        *("--header", f"Authorization: Bearer {installation.token()}", "--seed", str(seed), "--no-color"),
    ]
    ended = subprocess.run(command, check=False, timeout=60 * MINUTES)
    assert ended.returncode == 0, "its output above names each fault, with the request that leads to it"
