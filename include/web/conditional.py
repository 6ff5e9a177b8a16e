"""Answers that a client need not be sent again: it says which one it has, by its tag."""

import hashlib
from typing import Any

from fastapi import Request, Response, status
from pydantic import TypeAdapter

ASK_EVERY_TIME = "private, no-cache"  # kept by the client, and used after the server has said that it still holds


def tagged(request: Request, shape: TypeAdapter[Any], value: object) -> Response:
    """The value as JSON with a tag, or 304 without it when the client has just this."""
    body = shape.dump_json(value)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": ASK_EVERY_TIME, "Vary": "Authorization, Cookie"}
    if _has(request, tag):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _has(request: Request, tag: str) -> bool:
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    return tag in known or "*" in known
