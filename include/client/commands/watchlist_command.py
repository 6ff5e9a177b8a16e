"""`watchlist`: your lists and what is in them."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from include.client.client import Client
from include.client.commands.options import PROGRAM, add_common, given, open_client
from include.client.commands.output import figure, moment, print_json, show_table, table, verdict
from include.client.commands.submit_command import FIELDS, add_fields, follow
from include.client.errors import BadInputError
from include.client.fields import EntryChanges
from include.client.watchlists import DEFAULT_LIST

EDITABLE = tuple(EntryChanges.__annotations__)
EPILOG = "A list is made with its first ticker and goes with its last."


def run(arguments: Sequence[str]) -> int:
    """Do what the action says."""
    options = _parser().parse_args(arguments)
    action: Callable[[Client, argparse.Namespace], int] = ACTIONS[options.action]
    with open_client(options) as client:
        return action(client, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"{PROGRAM} watchlist", description="Your watchlists.", epilog=EPILOG)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    made = {name: actions.add_parser(name, help=said, description=said) for name, said in HELP.items()}
    for name in ("add", "remove"):
        made[name].add_argument("tickers", nargs="+", metavar="TICKER")
    made["add"].add_argument("--notes", help="written beside each of them")
    made["edit"].add_argument("ticker", metavar="TICKER")
    made["edit"].add_argument("--name", help="what you call it; empty takes it away")
    made["edit"].add_argument("--notes", help="what you write beside it; empty takes it away")
    for name in ("show", "add", "edit", "remove", "analyze"):
        made[name].add_argument("--list", default=DEFAULT_LIST, help="(default: default)")
    made["rename"].add_argument("list", metavar="LIST")
    made["rename"].add_argument("new_name", metavar="NAME")
    add_fields(made["analyze"])
    for one in made.values():
        add_common(one)
    return parser


def _lists(client: Client, options: argparse.Namespace) -> int:
    found = client.watchlists.lists()
    if options.json:
        print_json(found)
        return 0
    made = table("List", "Last analysis", right=("Tickers",))
    for one in found:
        made.add_row(one.name, moment(one.last_analyzed_at), str(one.count))
    show_table(made, "There is no list.")
    return 0


def _show(client: Client, options: argparse.Namespace) -> int:
    found = list(client.watchlists.entries(options.list))
    if options.json:
        print_json(found)
        return 0
    made = table("Ticker", "Last analysis", "Verdict", right=("Score",), last="Name and notes")
    for entry in found:
        last = (moment(entry.last_analyzed_at), verdict(entry.last_verdict), figure(entry.last_score, ".1f"))
        made.add_row(entry.ticker, *last, "; ".join(filter(None, (entry.name, entry.notes))))
    show_table(made, f"The list {options.list} is empty.")
    return 0


def _add(client: Client, options: argparse.Namespace) -> int:
    added = client.watchlists.add(options.tickers, options.list, notes=options.notes)
    return _said(options, added, f"{added.name}: {added.added} added, {added.count} in it now")


def _edit(client: Client, options: argparse.Namespace) -> int:
    changes: Any = {name: getattr(options, name) or None for name in EDITABLE if getattr(options, name) is not None}
    if not changes:
        raise BadInputError("nothing to write: give --name or --notes")
    client.watchlists.edit(options.ticker, options.list, **changes)
    return _said(options, {"ticker": options.ticker, **changes}, f"{options.list}: {options.ticker} changed")


def _remove(client: Client, options: argparse.Namespace) -> int:
    for ticker in options.tickers:
        client.watchlists.remove(ticker, options.list)
    return _said(options, {"removed": options.tickers}, f"{options.list}: {len(options.tickers)} removed")


def _rename(client: Client, options: argparse.Namespace) -> int:
    renamed = client.watchlists.rename(options.list, options.new_name)
    return _said(options, renamed, f"{options.list} is {renamed.name} now, with {renamed.count} tickers")


def _analyze(client: Client, options: argparse.Namespace) -> int:
    fields: dict[str, Any] = given(options, *(name for name in FIELDS if name != "universe"))
    return follow(client, client.watchlists.analyze(options.list, **fields), options)


def _said(options: argparse.Namespace, document: object, sentence: str) -> int:
    if options.json:
        print_json(document)
    else:
        print(sentence)
    return 0


ACTIONS: Mapping[str, Callable[[Client, argparse.Namespace], int]] = {
    "lists": _lists,
    "show": _show,
    "add": _add,
    "edit": _edit,
    "remove": _remove,
    "rename": _rename,
    "analyze": _analyze,
}
HELP = {
    "lists": "all your lists",
    "show": "the tickers of a list, with the last verdict of each",
    "add": "add tickers to a list",
    "edit": "write a name or notes beside a ticker",
    "remove": "remove tickers from a list; their results stay",
    "rename": "give a list another name",
    "analyze": "ask for an analysis of a list",
}
