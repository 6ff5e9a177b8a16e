"""A typed client of our HTTP API, and a command line on it: `python -m include.client`.

It knows the model and nothing else of the product, so that it runs where the server does not.
"""

from include.client.answers import (
    Added,
    Difference,
    Duplicates,
    Glance,
    Health,
    Housekeeping,
    NotificationSettings,
    Recorded,
    Sent,
    Step,
    Strategy,
    Submission,
    Universe,
    UniverseMembers,
    VerdictCounts,
    Version,
)
from include.client.client import Client
from include.client.errors import (
    ApiError,
    BadInputError,
    ClientError,
    JobIsActiveError,
    NoAnswerError,
    UnexpectedAnswerError,
)
from include.client.fields import (
    ChangeFilters,
    EntryChanges,
    JobFilters,
    PreferenceChanges,
    PriceFilters,
    RecordFilters,
    RequestFields,
    ResultFilters,
    StockFilters,
)

__all__ = [
    "Added",
    "ApiError",
    "BadInputError",
    "ChangeFilters",
    "Client",
    "ClientError",
    "Difference",
    "Duplicates",
    "EntryChanges",
    "Glance",
    "Health",
    "Housekeeping",
    "JobFilters",
    "JobIsActiveError",
    "NoAnswerError",
    "NotificationSettings",
    "PreferenceChanges",
    "PriceFilters",
    "RecordFilters",
    "Recorded",
    "RequestFields",
    "ResultFilters",
    "Sent",
    "Step",
    "StockFilters",
    "Strategy",
    "Submission",
    "UnexpectedAnswerError",
    "Universe",
    "UniverseMembers",
    "VerdictCounts",
    "Version",
]
