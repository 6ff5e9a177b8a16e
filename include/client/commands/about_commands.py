"""`health`, `version`, `strategies`, `universes`: what the server is, and what it can be asked for."""

from collections.abc import Sequence

from include.client.commands.options import command, open_client
from include.client.commands.output import moment, print_json, show_table, table


def run_health(arguments: Sequence[str]) -> int:
    """Say whether a job would be done now; 1 when not."""
    options = command("health", "Whether a job that is asked for now would be done.").parse_args(arguments)
    with open_client(options) as client:
        found = client.health()
    if options.json:
        print_json(found)
    elif found.is_ready:
        print(f"ready: schema {found.schema_version}, scheduler seen {moment(found.scheduler_heartbeat)} UTC")
    else:
        print("\n".join([found.status, *(f"  {one.field} {one.value}: {one.reason}" for one in found.troubles)]))
    return 0 if found.is_ready else 1


def run_version(arguments: Sequence[str]) -> int:
    """Print the versions of the server."""
    options = command("version", "The versions of the server, its schema, and Airflow.").parse_args(arguments)
    with open_client(options) as client:
        found = client.version()
    if options.json:
        print_json(found)
    else:
        print(f"Bellwether {found.version}, schema {found.schema_version}, Airflow {found.airflow_version}")
    return 0


def run_strategies(arguments: Sequence[str]) -> int:
    """List the strategies."""
    options = command("strategies", "The strategies that a request may name.").parse_args(arguments)
    with open_client(options) as client:
        found = client.strategies()
    if options.json:
        print_json(found)
        return 0
    made = table("Strategy", "Version", last="What it does")
    for one in found:
        made.add_row(one.name, one.version, one.description or one.title)
    show_table(made, "There is no strategy.")
    return 0


def run_universes(arguments: Sequence[str]) -> int:
    """List the universes, or the tickers of one."""
    parser = command("universes", "The universes that a request may name, or the tickers of one.")
    parser.add_argument("universe", nargs="?", metavar="NAME")
    options = parser.parse_args(arguments)
    with open_client(options) as client:
        if options.universe:
            members = client.universe(options.universe)
            print_json(members) if options.json else print("\n".join(members.tickers))
            return 0
        found = client.universes()
    if options.json:
        print_json(found)
        return 0
    made = table("Universe", "Of", "Title", last="From")
    for one in found:
        made.add_row(one.name, one.dated, one.title, one.description)
    show_table(made, "There is no universe.")
    return 0
