"""How these tests ask: by httpx through the proxy, and by the real yfinance in a process of its own."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from local.yahoo.server import LocalYahoo

CHART = "https://query2.finance.yahoo.com/v8/finance/chart/"


@contextmanager
def http(yahoo: LocalYahoo, timeout: float = 30) -> Iterator[httpx.Client]:
    """A client that is sent to the local Yahoo and trusts its authority alone."""
    to = yahoo.environment
    trust = ssl.create_default_context(cafile=to["SSL_CERT_FILE"])
    with httpx.Client(proxy=to["HTTPS_PROXY"], verify=trust, trust_env=False, timeout=timeout) as client:
        yield client


def chart(client: httpx.Client, ticker: str, **query: Any) -> dict[str, Any]:
    """The one result of a chart request that is answered well."""
    answer = client.get(CHART + ticker, params=query).raise_for_status()
    (result,) = answer.json()["chart"]["result"]
    return dict(result)


class Yfinance:
    """A process with the real client."""

    def __init__(self, yahoo: LocalYahoo, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.local.yahoo.client", str(folder)],
            env=os.environ | yahoo.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, *tickers: str, **asked: Any) -> dict[str, Any]:
        """What the client makes of the answers, by ticker."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"tickers": tickers, "asked": asked}) + "\n")
        self._process.stdin.flush()
        answers: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=30)
