"""The database for commands, and the tickers that somebody names on the command line."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from include.market.symbols import normalize_ticker
from include.market.universes import universe, universes
from include.model.errors import BellwetherError, FieldProblem, InvalidRequestError
from include.settings import settings
from include.storage.address import NoAddressError, stocks_address
from include.storage.connection import DatabaseError, connect
from include.storage.database import Database

PATIENCE = 3.0  # somebody is waiting


class DatabaseUnknownError(BellwetherError):
    """The command cannot get at the database; says why."""

    code = "database_unknown"


@contextmanager
def stocks() -> Iterator[Database]:
    """The database that the environment names.

    Raises DatabaseUnknownError when it names none, or when the database does not answer.
    """
    try:
        address = stocks_address(os.environ, settings().connection_id)
    except NoAddressError as error:
        raise DatabaseUnknownError(str(error.args[0])) from error
    try:
        with Database(lambda: connect(address.conninfo), PATIENCE) as database:
            yield database
    except DatabaseError as error:
        raise DatabaseUnknownError(f"the database: {error}") from error


def tickers_of(named: Sequence[str]) -> list[str]:
    """The tickers that are named, one by one or as a universe.

    Raises InvalidRequestError, which names every bad one.
    """
    if len(named) == 1 and named[0] in universes():
        return list(universe(named[0]))
    found: dict[str, None] = {}
    problems = []
    for name in named:
        try:
            found[normalize_ticker(name)] = None
        except ValueError as error:
            problems.append(FieldProblem("ticker", name, str(error)))
    if problems:
        raise InvalidRequestError(problems)
    return list(found)
