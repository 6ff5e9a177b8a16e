"""The real Yahoo source in a process of its own, warnings as errors: a question on stdin, the answers on stdout."""

import json
import os
import sys
import warnings
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from include.market.sources.yahoo_source import YahooSource
from include.model.bars import Bars
from include.model.errors import Refusal, SourceUnavailableError
from include.settings import Settings


def plain(answer: Bars | Refusal) -> dict[str, Any]:
    if isinstance(answer, Refusal):
        return asdict(answer)
    columns = {name: getattr(answer, name).tolist() for name in ("open", "high", "low", "close", "volume")}
    others = {name: getattr(answer, name) for name in ("ticker", "source", "currency", "tick", "notes")}
    return {"sessions": answer.sessions.astype(str).tolist()} | columns | others


def main() -> None:
    question = json.load(sys.stdin)
    warnings.simplefilter("error")
    settings = Settings(
        fetch_timeout_seconds=question["timeout"],
        yahoo_cache_dir=Path(question["cache"]),
        requests_per_minute=100_000,
    )
    source = YahooSource(settings, clock=lambda: datetime.fromisoformat(question["now"]))
    wanted = {ticker: day and date.fromisoformat(day) for ticker, day in question["wanted"].items()}
    try:
        answers = source.fetch(wanted, question["bars"])
    except SourceUnavailableError as error:
        answer: dict[str, Any] = {"away": error.code, "message": str(error)}
    else:
        answer = {ticker: plain(found) for ticker, found in answers.items()}
    print(json.dumps(answer), flush=True)
    os._exit(0)  # as Airflow's tasks do: threads whose request hangs are not waited for


if __name__ == "__main__":
    main()
