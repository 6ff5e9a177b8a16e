"""`changes`, `difference`: what is otherwise than in the session before."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table

from include.client.answers import Difference
from include.client.commands.options import add_series, command, given, natural, open_client
from include.client.commands.output import console, print_json, show_table, table
from include.client.errors import BadInputError
from include.client.watchlists import DEFAULT_LIST
from include.model.changes import Change, ChangeKind, describe


def run_changes(arguments: Sequence[str]) -> int:
    """List what changed on a list, or what a job found to have changed."""
    parser = command("changes", "What changed on a list of yours, or by a job on all of them; the newest first.")
    parser.add_argument("--list", metavar="LIST", help="(default: default)")
    parser.add_argument("--job", metavar="JOB", help="what this job found, on all your lists")
    parser.add_argument("--kind", choices=[str(kind) for kind in ChangeKind], help="what happened")
    parser.add_argument("--ticker", help="of this one, as in the list")
    parser.add_argument("--session", metavar="DATE", help="of this session alone")
    parser.add_argument("--limit", type=natural, default=50, metavar="N", help="most of them (default 50)")
    options = parser.parse_args(arguments)
    filters: dict[str, Any] = given(options, "kind", "ticker", "session")
    if options.job and given(options, "list", "ticker", "session"):
        raise BadInputError("--list, --ticker and --session are of a list; what a job found has --kind alone")
    with open_client(options) as client:
        if options.job:
            found = list(client.changes(options.job, options.limit, **filters))
        else:
            found = list(client.watchlists.changes(options.list or DEFAULT_LIST, options.limit, **filters))
    if options.json:
        print_json(found)
    else:
        show_table(_table(found), "There is no such change.")
    return 0


def _table(changes: Iterable[Change]) -> Table:
    made = table("Session", "List", "Ticker", "What happened", last="More")
    for one in changes:
        made.add_row(str(one.session_date), one.list, one.ticker, one.kind.words[0], describe(one))
    return made


def run_difference(arguments: Sequence[str]) -> int:
    """Say what changed between a ticker's result and the one before."""
    parser = command("difference", "What changed since the session before, and which indicators moved the score.")
    parser.add_argument("ticker", metavar="TICKER")
    parser.add_argument(
        "--session", metavar="DATE", help="between this session, not the latest one, and the one before"
    )
    add_series(parser)
    options = parser.parse_args(arguments)
    series: dict[str, Any] = given(options, "session", "strategy", "data_source")
    with open_client(options) as client:
        found = client.difference(options.ticker, **series)
    if options.json:
        print_json(found)
    else:
        _tell(found)
    return 0


def _tell(found: Difference) -> None:
    print(f"session {found.session}: {found.verdict}, score {found.score:.1f}")
    if found.previous_session:
        print(f"session {found.previous_session}: {found.previous_verdict}, score {found.previous_score:.1f}")
    print(found.words)
    if not found.moves:
        return
    made = table("Indicator", right=("Points",), last="What it says, and said before")
    for move in found.moves:
        name = f"{move.id} (turned)" if move.is_turn else move.id
        made.add_row(name, f"{move.points:+.1f}", f"{move.rule}; before: {move.previous_rule}")
    console().print(made)
