"""Faults of our own: the log has everything under an id, the client gets the id."""

from uuid import uuid4

import structlog

log = structlog.get_logger(logger_name="bellwether.api")


def report(error: BaseException) -> str:
    """Log an error with its traceback; returns the id under which it is found."""
    error_id = uuid4().hex[:12]
    log.error("a request failed", error_id=error_id, exc_info=error)
    return error_id
