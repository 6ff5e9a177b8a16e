"""What a run of the schedule analyses: what anybody watches of one exchange."""

from include.market.exchanges import exchange_of, find_exchange
from include.storage.connection import Connection
from include.storage.watched import watched_tickers


def watched_on(connection: Connection, exchange: str) -> tuple[str, ...]:
    """The tickers of all users' watchlists that trade on an exchange, each once."""
    where = find_exchange(exchange).name
    return tuple(ticker for ticker in watched_tickers(connection) if exchange_of(ticker).name == where)
