"""`results`, `history`, `explain`: what is known of stocks."""

import argparse
from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table

from include.client.commands.options import add_series, command, given, natural, number, open_client
from include.client.commands.output import console, figure, print_json, show_table, table, verdict
from include.model.analysis import Verdict
from include.model.results import Explanation, ResultRow

REASONS_SHOWN = 2
SORTS = [way + key for key in ("score", "ticker", "session", "completed_at") for way in ("", "-")]


def _in_one_word(verdict: str) -> str:
    """As it is typed: `Strong Buy`, as it is shown, is `strong-buy`."""
    return verdict.lower().replace(" ", "-")


VERDICTS = {_in_one_word(one): one for one in Verdict}


def run_results(arguments: Sequence[str]) -> int:
    """Print the latest results."""
    parser = command("results", "The screener: the latest result of each ticker, the best score first.")
    add_filters(parser)
    _add_limit(parser)
    options = parser.parse_args(arguments)
    with open_client(options) as client:
        return _tell(client.results(options.limit, **filters_of(options)), as_json=options.json)


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Add which results of the screener, and in which order."""
    add_stock_filters(parser)
    parser.add_argument("--verdict", action="append", type=_in_one_word, choices=list(VERDICTS), help="once for each")
    parser.add_argument("--sort", choices=SORTS, help="with a minus in front for descending, as --sort=-score")


def add_stock_filters(parser: argparse.ArgumentParser) -> None:
    """Add which results, whatever their verdict."""
    parser.add_argument("ticker", nargs="*", metavar="TICKER", help="only these")
    parser.add_argument("--min-score", type=number, metavar="N")
    parser.add_argument("--max-score", type=number, metavar="N")
    parser.add_argument("--session", metavar="DATE", help="of this session instead of the latest one")
    parser.add_argument("--job", dest="job_id", metavar="JOB", help="what this job found, or reused")
    add_series(parser)


def filters_of(options: argparse.Namespace) -> dict[str, Any]:
    """The filters that somebody gave."""
    filters = {**stock_filters_of(options), **given(options, "sort")}
    if options.verdict:
        filters["verdict"] = [VERDICTS[name] for name in options.verdict]
    return filters


def stock_filters_of(options: argparse.Namespace) -> dict[str, Any]:
    """The filters whatever the verdict that somebody gave."""
    return given(options, "ticker", "min_score", "max_score", "session", "job_id", "strategy", "data_source")


def run_history(arguments: Sequence[str]) -> int:
    """Print all results of a ticker."""
    parser = command("history", "All results of a ticker, the newest session first.")
    parser.add_argument("ticker", metavar="TICKER")
    add_series(parser)
    _add_limit(parser)
    options = parser.parse_args(arguments)
    series: dict[str, Any] = given(options, "strategy", "data_source")
    with open_client(options) as client:
        return _tell(client.history(options.ticker, options.limit, **series), as_json=options.json)


def run_explain(arguments: Sequence[str]) -> int:
    """Print what each indicator said."""
    parser = command("explain", "What each indicator said of a ticker, and what that did to the score.")
    parser.add_argument("ticker", metavar="TICKER")
    parser.add_argument("--session", metavar="DATE", help="of this session instead of the latest one")
    add_series(parser)
    options = parser.parse_args(arguments)
    series: dict[str, Any] = given(options, "session", "strategy", "data_source")
    with open_client(options) as client:
        found = client.explanation(options.ticker, **series)
    if options.json:
        print_json(found)
    else:
        _explain(found)
    return 0


def _add_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=natural, default=50, metavar="N", help="most of them (default 50)")


def _tell(results: Iterable[ResultRow], *, as_json: bool) -> int:
    found = list(results)
    if as_json:
        print_json(found)
    else:
        show_table(_table(found), "There is no such result.")
    return 0


def _table(results: Sequence[ResultRow]) -> Table:
    made = table(
        "Ticker",
        "Session",
        "Verdict",
        right=("Score", "Close", "Entry", "Stop", "Target"),
        last="Strongest reasons",
    )
    for row in results:
        levels = [figure(value) for value in (row.close, row.entry, row.stop_loss, row.target)]
        reasons = "; ".join(row.reasons[:REASONS_SHOWN])
        made.add_row(row.ticker, str(row.session_date), verdict(row.verdict), f"{row.score:.1f}", *levels, reasons)
    return made


def _explain(found: Explanation) -> None:
    result = found.result
    print(f"{result.ticker}, session {result.session_date}, {result.strategy} on {result.data_source} prices")
    print(result.summary)
    for warning in result.warnings:
        print(f"Warning: {warning}")
    if found.readings is None:
        print("What each indicator said is no longer kept.")
        return
    made = table("Indicator", right=("Points", "Weight", "Confidence"), last="What it says")
    for reading in found.readings:
        figures = (f"{reading.contribution:+.1f}", f"{reading.weight:.3g}", f"{reading.confidence:.0%}")
        made.add_row(reading.id, *(("", "", "") if reading.absent else figures), reading.absent or reading.rule)
    console().print(made)
