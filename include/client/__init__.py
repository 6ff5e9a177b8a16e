"""A typed client of our HTTP API, and a command line on it: `python -m include.client`.

It knows the model and nothing else of the product, so that it runs where the server does not.
"""

from include.client.answers import Added, Health, Housekeeping, Strategy, Submission, Universe, UniverseMembers, Version
from include.client.client import Client
from include.client.errors import (
    ApiError,
    BadInputError,
    ClientError,
    JobIsActiveError,
    NoAnswerError,
    UnexpectedAnswerError,
)
from include.client.fields import JobFilters, RequestFields, ResultFilters

__all__ = [
    "Added",
    "ApiError",
    "BadInputError",
    "Client",
    "ClientError",
    "Health",
    "Housekeeping",
    "JobFilters",
    "JobIsActiveError",
    "NoAnswerError",
    "RequestFields",
    "ResultFilters",
    "Strategy",
    "Submission",
    "UnexpectedAnswerError",
    "Universe",
    "UniverseMembers",
    "Version",
]
