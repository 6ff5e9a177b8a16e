"""More requests at one moment than the API server has connections or threads: all are answered."""

import asyncio
import itertools
from collections import Counter

import httpx

from local.stack import Stack
from tests.end_to_end.airflow import RUNS

CLIENTS, ROUNDS = 150, 4
SECONDS = 60
PATHS = (
    "/api/stocks/progress",
    "/api/stocks/jobs",
    "/api/stocks/results?data_source=demo",
    RUNS,
    "/api/v2/dags",
    "/api/v2/monitor/health",
)


async def crowd(client: httpx.AsyncClient) -> Counter[int]:
    """Everybody asks at once, one thing after the other."""

    async def ask(number: int) -> list[int]:
        return [(await client.get(PATHS[(number + n) % len(PATHS)])).status_code for n in range(ROUNDS)]

    answers = await asyncio.gather(*[ask(number) for number in range(CLIENTS)])
    return Counter(itertools.chain.from_iterable(answers))


def test_a_crowd_that_asks_airflow_and_us_at_one_moment_is_answered(installation: Stack) -> None:
    async def scenario() -> Counter[int]:
        async with httpx.AsyncClient(
            base_url=installation.url,
            headers={"Authorization": f"Bearer {installation.token()}"},
            limits=httpx.Limits(max_connections=CLIENTS),
            timeout=SECONDS,
            trust_env=False,
        ) as client:
            return await crowd(client)

    assert asyncio.run(scenario()) == {httpx.codes.OK: CLIENTS * ROUNDS}
