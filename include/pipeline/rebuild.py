"""Computes stored results again and compares every figure: `python -m include.pipeline.rebuild JOB_ID`.

The prices come from where they came from, Yahoo's from the price cache, up to the session; that they are the same is
known by their hash.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from include.analysis import load_strategies, outcome_of
from include.analysis.analyze import hash_bars
from include.market.adjusting import adjusted
from include.market.cache import HISTORY_CHANGED
from include.market.sources import open_source
from include.model.bars import Bars, DataSource
from include.model.errors import BellwetherError, Refusal
from include.model.job import Outcome
from include.model.rebuild import Deviation, StoredOutcome
from include.settings import settings
from include.storage.connection import Connection
from include.storage.prices import Span, read_series
from include.storage.results import outcome_columns, stored_outcomes


class NotRebuildableError(BellwetherError):
    """A stored result cannot be computed again; says why."""

    code = "not_rebuildable"


def rebuild(connection: Connection, stored: StoredOutcome) -> list[Deviation]:
    """Compute a stored outcome again; what differs from what is stored, nothing when they are equal.

    Raises NotRebuildableError when prices or strategy of then are not to be had.
    """
    made = json.loads(json.dumps(outcome_columns(_outcome(connection, stored))))
    return list(_deviations(stored.columns, {"notes": [], **made}))


def _outcome(connection: Connection, stored: StoredOutcome) -> Outcome:
    columns = stored.columns
    strategy = load_strategies(settings().strategies_file).get(columns["strategy"])
    if strategy is None or strategy.version != columns["strategy_version"]:
        now = f"is version {strategy.version} now" if strategy else "does not exist any more"
        raise NotRebuildableError(
            f"the strategy {columns['strategy']} {now}; the result is of version {columns['strategy_version']}: "
            "rebuild it with the strategies of then"
        )
    session = date.fromisoformat(columns["session_date"])
    bars = _prices(connection, stored, session)
    made = outcome_of(bars, strategy, stored.request.risk, session, columns["bars_used"])
    if isinstance(made, Refusal):
        raise NotRebuildableError(f"the prices allow no analysis any more: {made.message}")
    return made


def _prices(connection: Connection, stored: StoredOutcome, session: date) -> Bars:
    """The bars that the stored analysis used, if they are still to be had."""
    if stored.data_source is DataSource.YAHOO:
        return _cached_prices(connection, stored, session)
    ticker, count = stored.columns["ticker"], stored.columns["bars_used"]
    bars = open_source(stored.data_source).fetch({ticker: session}, count)[ticker]
    if isinstance(bars, Refusal):
        raise NotRebuildableError(f"the prices cannot be had any more: {bars.message}")
    return bars


def _cached_prices(connection: Connection, stored: StoredOutcome, session: date) -> Bars:
    """What the price cache has of them, unless Yahoo has changed it since."""
    ticker, count = stored.columns["ticker"], stored.columns["bars_used"]
    spans = {ticker: Span(since=date.min, until=session)}
    series = read_series(connection, stored.data_source, spans)[ticker]
    if series.history is None:
        raise NotRebuildableError("the price cache does not have its prices any more")
    told = tuple(warning for warning in stored.columns["warnings"] if warning.startswith(HISTORY_CHANGED))
    bars = adjusted(series.history, told).until(session, count)
    if hash_bars(bars) != stored.columns["bars_hash"]:
        change = series.state.replaced
        seen = f" (seen on {change.at.date()}: {change.reason})" if change else ""
        raise NotRebuildableError(f"Yahoo has changed its prices since{seen}: run the job again instead")
    return bars


def _deviations(stored: Any, made: Any, path: str = "") -> Iterator[Deviation]:  # noqa: ANN401 - JSON
    """Every figure that differs, named by its path; readings are told apart by their ids."""
    if isinstance(stored, list) and all(isinstance(part, dict) for part in (*stored, *(made or ()))) and stored:
        stored, made = ({part["id"]: part for part in whole or ()} for whole in (stored, made))
    if isinstance(stored, dict) and isinstance(made, dict):
        for name in {**stored, **made}:
            yield from _deviations(stored.get(name), made.get(name), f"{path}.{name}" if path else name)
    elif stored != made:
        yield Deviation(figure=path, stored=stored, rebuilt=made)


def report(connection: Connection, job_id: str | None, ticker: str | None) -> int:
    """Rebuild what is stored and print what came of it; the exit status: 0 equal, 1 not, 2 nothing is stored."""
    found = stored_outcomes(connection, job_id, ticker)
    if not found:
        wanted = [f"job {job_id!r}"] * bool(job_id) + [f"ticker {ticker!r}"] * bool(ticker)
        print(f"no result is stored of {' and '.join(wanted)}", file=sys.stderr)
        return 2
    equal = sum(_is_equal(connection, stored) for stored in found)
    print(f"{equal} of {len(found)} results equal")
    return 0 if equal == len(found) else 1


def _is_equal(connection: Connection, stored: StoredOutcome) -> bool:
    try:
        deviations = rebuild(connection, stored)
    except NotRebuildableError as error:
        print(f"{stored.name}: {error}")
        return False
    said = f"NOT equal, figures that differ: {len(deviations)}" if deviations else "equal"
    print(f"{stored.name}: {said} ({len(stored.columns)} columns, {len(stored.columns['readings'])} readings)")
    for deviation in deviations:
        print(f"  {deviation.figure}: stored {deviation.stored}, rebuilt {deviation.rebuilt}")
    return not deviations


def main(arguments: Sequence[str]) -> int:
    """Rebuild what the arguments name, from the database of Airflow's connection."""
    parser = argparse.ArgumentParser(
        prog="python -m include.pipeline.rebuild",
        description="Compute stored results again from prices and strategy, and compare every figure. Runs where the "
        "tasks run, with their connection. Exit status: 0 all equal, 1 something differs or cannot be rebuilt, 2 "
        "nothing is stored of it.",
    )
    parser.add_argument("job_id", nargs="?", metavar="JOB_ID", help="all results of this job")
    parser.add_argument("--ticker", metavar="TICKER", help="only this ticker; without a job, all its results")
    options = parser.parse_args(arguments)
    if options.job_id is None and options.ticker is None:
        parser.error("name a job or --ticker")
    from include.pipeline.database import stocks_database  # Airflow, which --help need not wait for

    with stocks_database() as connection:
        return report(connection, options.job_id, options.ticker)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
