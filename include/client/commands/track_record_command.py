"""`track-record`: what came of verdicts, by group, or of each one of a ticker."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.table import Table

from include.client.client import Client
from include.client.commands.options import add_series, command, given, natural, open_client
from include.client.commands.output import moment, print_json, show_table, table, verdict
from include.client.errors import BadInputError
from include.model.track_record import LONGEST, FollowUpRow, GroupRecord, HorizonRecord, TrackRecord

FOOTNOTE = """\
Counted: without verdicts that share sessions with an earlier one. All stocks: the mean of all that was analysed on
those days. `all` turns the sign of Sells. No costs, and no promise: it is the past of what was analysed."""


def run(arguments: Sequence[str]) -> int:
    """Print the record, or what came of a ticker's verdicts."""
    parser = command("track-record", "What came of verdicts after 1, 5 and 20 sessions; with a ticker, of each of its.")
    parser.add_argument("ticker", nargs="?", metavar="TICKER", help="each verdict on this one")
    add_series(parser)
    parser.add_argument("--since", metavar="DATE", help="verdicts of this session and later ones")
    parser.add_argument("--until", metavar="DATE", help="verdicts of this session and earlier ones")
    parser.add_argument("--by", choices=["verdict", "score"], default="verdict", help="(default verdict)")
    parser.add_argument("--limit", type=natural, default=50, metavar="N", help="most of a ticker's (default 50)")
    options = parser.parse_args(arguments)
    series: dict[str, Any] = given(options, "strategy", "data_source")
    span: dict[str, Any] = given(options, "since", "until")
    if options.ticker and span:
        raise BadInputError("--since and --until are of the record; a ticker's verdicts are told up to --limit")
    with open_client(options) as client:
        if options.ticker:
            return _tell_of(client, options.ticker, options.limit, series, as_json=options.json)
        found = client.track_records(**series, **span)
    if options.json:
        print_json(found)
    else:
        _tell(found, options.by)
    return 0


def _tell(records: Sequence[TrackRecord], by: str) -> None:
    for record in records:
        print(
            f"{record.strategy} on {record.data_source} prices, sessions {record.since} to {record.until}, "
            f"computed {moment(record.computed_at)} UTC"
        )
        groups = record.by_score if by == "score" else record.by_verdict
        show_table(_table([record.all, *groups]), "There is no verdict.")
    print(FOOTNOTE if records else "No verdict has been followed yet: the DAG stocks_track_record does it.")


def _table(groups: Iterable[GroupRecord]) -> Table:
    right = (
        "Sessions",
        "Verdicts",
        "Counted",
        "Days",
        "Hits",
        "Mean",
        "Median",
        "All stocks",
        "Stop",
        "Target",
        "Neither",
    )
    made = table("Group", right=right, last="")
    for group in groups:
        for number, horizon in enumerate(group.horizons):
            name = group.group if number == 0 else ""
            made.add_row(name, *_figures(horizon), *_levels(group, horizon), "few" if horizon.is_small else "")
    return made


def _figures(horizon: HorizonRecord) -> Iterator[str]:
    yield from map(str, (horizon.sessions, horizon.count, horizon.counted, horizon.days))
    yield from (_share(horizon.hit_rate), _change(horizon.mean), _change(horizon.median), _change(horizon.base_mean))


def _levels(group: GroupRecord, horizon: HorizonRecord) -> Iterator[str]:
    """What is known of levels is of the longest horizon."""
    found = group.levels if horizon.sessions == LONGEST else None
    yield from ("", "", "") if found is None else map(_share, (found.stop, found.target, found.neither))


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _change(value: float | None) -> str:
    return "" if value is None else f"{value:+.2%}"


def _tell_of(client: Client, ticker: str, limit: int, series: dict[str, Any], *, as_json: bool) -> int:
    found = list(client.follow_ups(ticker, limit, **series))
    if as_json:
        print_json(found)
    else:
        show_table(_table_of(found), "There is no such result.")
    return 0


def _table_of(rows: Iterable[FollowUpRow]) -> Table:
    made = table("Session", "Strategy", "Source", "Verdict", right=("Score", "1", "5", "20"), last="First reached")
    for row in rows:
        returns = map(_change, (row.return_1, row.return_5, row.return_20))
        name = (str(row.session_date), row.strategy, row.data_source)
        made.add_row(*name, verdict(row.verdict), f"{row.score:.1f}", *returns, _reached(row))
    return made


def _reached(row: FollowUpRow) -> str:
    """The level, or why there is none yet."""
    if row.touched_after is not None:
        return f"{row.first_touch} after {row.touched_after}"
    return row.first_touch or ("" if row.state == "complete" else row.state.replace("_", " "))
