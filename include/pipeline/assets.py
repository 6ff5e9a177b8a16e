"""What other DAGs can run on: the end of a session's analysis."""

from airflow.sdk import Asset


def session_asset(exchange: str) -> Asset:
    """News of each session of an exchange whose watchlists were analysed; the counts are in the event's extra."""
    return Asset(name=f"stocks_session_{exchange.lower()}", uri=f"bellwether://sessions/{exchange}", group="stocks")
