"""Which command, and its exit status."""

import logging
import sys
from collections.abc import Sequence

from include.client.commands import (
    about_commands,
    change_commands,
    export_command,
    job_commands,
    notification_command,
    overview_commands,
    price_command,
    record_commands,
    result_commands,
    submit_command,
    track_record_command,
    watchlist_command,
)
from include.client.commands.options import PROGRAM
from include.client.commands.output import tell_error
from include.client.errors import BAD_REQUEST, ApiError, BadInputError, ClientError, NoAnswerError

COMMANDS = {
    "submit": submit_command.run,
    "watch": job_commands.run_watch,
    "jobs": job_commands.run_jobs,
    "progress": job_commands.run_progress,
    "show": job_commands.run_show,
    "errors": job_commands.run_errors,
    "cancel": job_commands.run_cancel,
    "retry-failed": job_commands.run_retry_failed,
    "delete": job_commands.run_delete,
    "results": result_commands.run_results,
    "verdicts": overview_commands.run_verdicts,
    "history": result_commands.run_history,
    "series": overview_commands.run_series,
    "explain": result_commands.run_explain,
    "difference": change_commands.run_difference,
    "export": export_command.run,
    "prices": price_command.run,
    "track-record": track_record_command.run,
    "watchlist": watchlist_command.run,
    "changes": change_commands.run_changes,
    "notifications": notification_command.run,
    "strategies": about_commands.run_strategies,
    "universes": about_commands.run_universes,
    "requests": record_commands.run_requests,
    "duplicates": record_commands.run_duplicates,
    "health": about_commands.run_health,
    "version": about_commands.run_version,
}
USAGE = f"""usage: {PROGRAM} COMMAND ...

commands; each explains itself with --help:
  submit         ask for an analysis; with --wait watch it and show the verdicts
  watch          watch a job until it ends; Ctrl-C leaves it running
  jobs           jobs, the newest first
  progress       what is going on, and has just ended
  show           a job as it stands, with its tickers
  errors         why tickers of a job failed, and what to do
  cancel         end a job
  retry-failed   ask for the failed tickers of a job again
  delete         remove an ended job; for administrators
  results        the latest result of each ticker
  verdicts       how many results there are of each verdict
  history        all results of one
  series         by which strategies and from which sources one has results
  explain        what each indicator said of one
  difference     what changed of one since the session before
  export         all of `results`, of any length, as a CSV or Parquet file
  prices         the bars of a ticker that are at hand
  track-record   what came of verdicts, of all or of one ticker
  watchlist      your lists: lists, show, add, edit, remove, rename, analyze
  changes        what changed on a list, or by a job
  notifications  whether, where and when you are told
  strategies     what can be asked for
  universes      sets of tickers, or the tickers of one
  requests       the record: who asked for what, and what became of it
  duplicates     whether work was done twice
  health         whether a job that is asked for now would be done
  version        the versions of the server

environment: BELLWETHER_URL (default http://127.0.0.1:8080), BELLWETHER_USER (admin), BELLWETHER_PASSWORD, or
BELLWETHER_TOKEN instead of both; without a password a terminal is asked for it

exit status: 0 all went well, 1 something failed (also a job, or a ticker of it), 2 bad input, 130 interrupted
"""
INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Run the command that the first argument names."""
    if not arguments or arguments[0] not in COMMANDS:
        asked = bool(arguments) and arguments[0] in ("-h", "--help")
        print(USAGE, end="", file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    as_json = "--json" in arguments
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except ClientError as error:
        tell_error(error, as_json=as_json)
        _tell_of_repeating(error)
        return 2 if _is_bad_input(error) else 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _is_bad_input(error: ClientError) -> bool:
    return isinstance(error, BadInputError) or (isinstance(error, ApiError) and error.status == BAD_REQUEST)


def _tell_of_repeating(error: ClientError) -> None:
    """How to ask again for what may have been done."""
    if isinstance(error, NoAnswerError) and error.request_id:
        print(f"Ask again with --request-id {error.request_id}: it is done once.", file=sys.stderr)
