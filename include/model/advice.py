"""What somebody can do about a ticker that has no analysis, by the code of its error."""

from collections.abc import Mapping
from types import MappingProxyType

from include.model.errors import ErrorCode

WHAT_TO_DO: Mapping[str, str] = MappingProxyType(
    {
        ErrorCode.INSUFFICIENT_HISTORY: "It has too few sessions up to that day, as a stock that was listed lately. "
        "Choose a later day, or leave it out until it has been traded for longer.",
        ErrorCode.STALE_PRICES: "Its last price is too old for the session: it may be suspended, delisted or renamed. "
        "Check the symbol, or choose a day on which it was traded.",
        ErrorCode.BAD_PRICES: "Its prices contradict each other, so that no verdict from them could be trusted. "
        "Sources mend such days: ask again tomorrow, and tell who operates the server if it stays.",
        ErrorCode.NO_DATA: "The source has no prices of it for these dates. Choose another day, or ask again after the "
        "next session.",
        ErrorCode.UNKNOWN_TICKER: "The source does not know the symbol. Check how it is written and the suffix of its "
        "exchange, as in TCS.NS; the sample has only its own stocks, by their names of 2009-2010.",
        ErrorCode.RATE_LIMITED: "The source was asked too often for a while; the ticker is not to blame. Retry what "
        "failed in some minutes.",
        ErrorCode.SOURCE_UNAVAILABLE: "The source was away or gave no usable answer; the ticker is not to blame. Retry "
        "what failed when the source is back.",
        ErrorCode.DATABASE_ERROR: "The database did not take the outcome. Retry what failed; if it happens again, who "
        "operates the server finds the reason with make doctor.",
        ErrorCode.INTERRUPTED: "The work ended before it came to this ticker. Retry what failed: what is done is not "
        "done again.",
        ErrorCode.CANCELLED: "The job was cancelled before it came to this ticker. Ask again if you still want it.",
        ErrorCode.INTERNAL_ERROR: "This is a fault of the program. The log of the run in Airflow has the rest: tell "
        "who operates the server, with the id of the job.",
    }
)
UNKNOWN = "Nothing is known of this error: the log of the run in Airflow may say more."


def what_to_do(code: str) -> str:
    """The advice for a code as it is stored, which a later version may have written."""
    return WHAT_TO_DO.get(code, UNKNOWN)
