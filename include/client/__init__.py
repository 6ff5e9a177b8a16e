"""A typed client of our HTTP API, and a command line on it: `python -m include.client`.

It knows the model and nothing else of the product, so that it runs where the server does not.
"""

from include.client.answers import (
    Added,
    Duplicates,
    Glance,
    Health,
    Housekeeping,
    Recorded,
    Sent,
    Strategy,
    Submission,
    Universe,
    UniverseMembers,
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
from include.client.fields import JobFilters, PriceFilters, RecordFilters, RequestFields, ResultFilters

__all__ = [
    "Added",
    "ApiError",
    "BadInputError",
    "Client",
    "ClientError",
    "Duplicates",
    "Glance",
    "Health",
    "Housekeeping",
    "JobFilters",
    "JobIsActiveError",
    "NoAnswerError",
    "PriceFilters",
    "RecordFilters",
    "Recorded",
    "RequestFields",
    "ResultFilters",
    "Sent",
    "Strategy",
    "Submission",
    "UnexpectedAnswerError",
    "Universe",
    "UniverseMembers",
    "Version",
]
