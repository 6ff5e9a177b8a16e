"""Calls of an application in the test process: no server, no port."""

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI

SITE = "http://bellwether.test"


def call(app: FastAPI, method: str, path: str, **request: Any) -> httpx.Response:
    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
            return await client.request(method, path, **request)

    return asyncio.run(answer())


def error(answer: httpx.Response) -> dict[str, Any]:
    """The error of an answer, which has our shape and nothing else."""
    document = answer.json()
    assert list(document) == ["error"]
    assert set(document["error"]) == {"code", "message", "details", "timestamp"}
    said: dict[str, Any] = document["error"]
    return said
