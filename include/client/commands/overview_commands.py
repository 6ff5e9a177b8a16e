"""`verdicts`, `series`: what results there are."""

from collections.abc import Sequence

from include.client.commands.options import command, open_client
from include.client.commands.output import moment, print_json, show_table, table, verdict
from include.client.commands.result_commands import add_stock_filters, stock_filters_of
from include.model.analysis import Verdict


def run_verdicts(arguments: Sequence[str]) -> int:
    """Count the verdicts of the screener."""
    parser = command("verdicts", "How many results the screener has of each verdict.")
    add_stock_filters(parser)
    options = parser.parse_args(arguments)
    with open_client(options) as client:
        found = client.verdicts(**stock_filters_of(options))
    if options.json:
        print_json(found)
        return 0
    made = table("Verdict", right=("Tickers",))
    for one in Verdict:
        made.add_row(verdict(one), str(found.verdicts.get(one, 0)))
    made.add_row("All", str(found.total))
    show_table(made, "There is no result.")
    return 0


def run_series(arguments: Sequence[str]) -> int:
    """List by which strategies and from which sources a ticker has results."""
    parser = command("series", "By which strategies and from which sources a ticker has results; the latest of each.")
    parser.add_argument("ticker", metavar="TICKER")
    options = parser.parse_args(arguments)
    with open_client(options) as client:
        found = client.series(options.ticker)
    if options.json:
        print_json(found)
        return 0
    made = table("Strategy", "Source", "Session", "Verdict", right=("Score",), last="Analysed")
    for one in found:
        names = (one.strategy, one.data_source, str(one.session_date), verdict(one.verdict))
        made.add_row(*names, f"{one.score:.1f}", moment(one.completed_at))
    show_table(made, f"There is no result of {options.ticker}.")
    return 0
