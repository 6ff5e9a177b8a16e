"""The identity of a piece of work."""

import hashlib
import json

from include.model.request import AnalysisRequest
from include.storage.jobs import request_document


def claim_key(request: AnalysisRequest) -> str:
    """The identity of the work: sha256 (hex) of the canonical request, equal for equal requests."""
    document = json.dumps(request_document(request), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(document.encode()).hexdigest()
