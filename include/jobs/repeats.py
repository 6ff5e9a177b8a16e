"""Requests that carry a key of the client's own: the same one again gets the same answer."""

from include.jobs.claims import claim_key
from include.model.errors import FieldProblem, InvalidRequestError
from include.model.request import Demand
from include.storage.requests import Repeat


def check_same_request(known: Repeat, demand: Demand) -> None:
    """Raise InvalidRequestError when a request id was given to another request before."""
    if known.claim_key != claim_key(demand.request):
        reason = f"it was given to another request, of job {known.job_id}: use a new one"
        raise InvalidRequestError([FieldProblem("request_id", demand.request_id, reason)])
