"""`notifications`: whether, where and when you are told what changed."""

import argparse
from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table

from include.client.answers import NotificationSettings
from include.client.commands.options import command, open_client
from include.client.commands.output import moment, print_json, show_table, table
from include.client.fields import PreferenceChanges
from include.model.notifications import Channel, NotificationRow, Rule

SWITCHES = {"enabled": "the switch for everything", "webhook": "also to the operator's chat, where others read"}


def run(arguments: Sequence[str]) -> int:
    """Show what you want, after a change if one was given."""
    parser = command("notifications", "Whether, where and when you are told what changed on your lists.")
    for name, said in SWITCHES.items():
        parser.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, help=said)
    address = parser.add_mutually_exclusive_group()
    address.add_argument("--email", metavar="ADDRESS", help="where mails go")
    address.add_argument("--no-email", action="store_true", help="take the address away")
    parser.add_argument("--rule", choices=[str(rule) for rule in Rule], help="when a job changed something, or always")
    options = parser.parse_args(arguments)
    changes = _changes(options)
    with open_client(options) as client:
        found = client.notifications.change(**changes) if changes else client.notifications.settings()
    if options.json:
        print_json(found)
    else:
        _tell(found)
    return 0


def _changes(options: argparse.Namespace) -> PreferenceChanges:
    said: Any = {name: getattr(options, name) for name in PreferenceChanges.__annotations__}
    changes: PreferenceChanges = {name: value for name, value in said.items() if value is not None}  # type: ignore[assignment]
    return {**changes, "email": None} if options.no_email else changes


def _tell(found: NotificationSettings) -> None:
    print("You are told what changed on your lists." if found.enabled else "You are told nothing.")
    print(f"when: {found.rule}")
    for channel, chosen in ((Channel.EMAIL, found.email), (Channel.WEBHOOK, "yes" if found.webhook else None)):
        missing = "" if found.ways.get(channel) else " (the operator has not set it up)"
        print(f"{channel}: {chosen or 'no'}{missing}")
    show_table(_table(found.recent), "There is no notification.")


def _table(rows: Iterable[NotificationRow]) -> Table:
    made = table("Created", "List", "Job", "Way", "Status", right=("Tries",), last="Why")
    for one in rows:
        names = (moment(one.created_at), one.list, one.job_id, str(one.channel), str(one.status).replace("_", " "))
        made.add_row(*names, str(one.tries), one.error or "")
    return made
