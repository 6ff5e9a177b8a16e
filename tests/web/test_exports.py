"""The whole screener as a file: every row with its types, in little memory, and nothing kept of who has gone."""

import asyncio
import csv
import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from threading import BoundedSemaphore
from typing import Any

import psutil
import pytest
from pydantic import TypeAdapter

from include.model.analysis import Verdict
from include.model.results import ResultRow
from include.model.viewer import Viewer
from include.storage.connection import Connection, connect
from include.storage.pool import Pool
from include.storage.results import store_outcomes
from include.storage.screening import Screen
from tests.storage.demands import begun, demand, outcome
from tests.web.calls import error
from tests.web.conftest import Call

ANN = Viewer(name="ann", sees_all=False)
WHOLE = "/results?sort=ticker&format="
WRITE_MANY = """
INSERT INTO analysis_results (
    ticker, session_date, strategy, strategy_version, data_source, job_id, job_seq, analysis_source, verdict, score,
    close, tick, currency, bars_used, bars_hash, summary, reasons, started_at, completed_at
)
SELECT 'T' || number, '2010-08-20', 'balanced', 'v1', 'sample', 'run-1', 1, 'selected', 'Hold', 50,
    100, 0.01, 'USD', 245, 'abc', repeat(md5(number::text), 10), ARRAY[md5('a' || number), md5('b' || number)],
    clock_timestamp(), clock_timestamp()
FROM generate_series(%s::int, %s) AS number
"""


def table(content: bytes) -> Any:
    from pyarrow.parquet import read_table

    return read_table(io.BytesIO(content))


@pytest.fixture
def rows(connection: Connection) -> list[str]:
    """A result with levels and warnings, and one without either."""
    found = [
        outcome("IBM", warnings=("thin", "old, and \N{SNOWMAN}")),
        outcome("KO", 50.0, Verdict.HOLD, summary="", currency="EUR"),
    ]
    store_outcomes(connection, begun(connection, "run-1", demand("IBM", "KO")), found)
    return ["IBM", "KO"]


def test_parquet_has_the_rows_of_the_pages_with_their_types(api: Call, rows: list[str]) -> None:
    answer = api("GET", f"{WHOLE}parquet")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert answer.headers["content-disposition"] == 'attachment; filename="results.parquet"'
    found = table(answer.content)
    items = TypeAdapter(list[ResultRow]).validate_python(api("GET", f"{WHOLE}json").json()["items"])
    assert [row["ticker"] for row in found.to_pylist()] == rows
    assert TypeAdapter(list[ResultRow]).validate_python(found.to_pylist()) == items
    types = {field.name: str(field.type).replace("element", "item") for field in found.schema}
    assert {name: types.pop(name) for name in ("session_date", "completed_at", "bars_used")} == {
        "session_date": "date32[day]",
        "completed_at": "timestamp[us, tz=UTC]",
        "bars_used": "int64",
    }
    numbers = ("score", "close", "entry", "stop_loss", "target", "risk_reward")
    assert {types.pop(name) for name in numbers} == {"double"}
    assert {types.pop(name) for name in ("reasons", "warnings")} == {"list<item: string>"}
    assert set(types.values()) == {"string"}
    assert isinstance(found["completed_at"][0].as_py(), datetime)
    assert found["session_date"][0].as_py() == date(2010, 8, 20)
    assert [found[name][1].as_py() for name in ("entry", "stop_loss", "target", "risk_reward")] == [None] * 4


def test_parquet_has_the_columns_of_csv_in_their_order(api: Call, rows: list[str]) -> None:
    lines = list(csv.reader(io.StringIO(api("GET", f"{WHOLE}csv").text)))
    found = table(api("GET", f"{WHOLE}parquet").content)
    assert lines[0] == found.schema.names
    assert [line[0] for line in lines[1:]] == found["ticker"].to_pylist() == rows


def test_an_empty_screener_has_its_columns_and_types(api: Call, rows: list[str]) -> None:
    full, empty = (table(api("GET", f"{WHOLE}parquet{more}").content) for more in ("", "&min_score=100"))
    assert (full.num_rows, empty.num_rows) == (2, 0)
    assert empty.schema == full.schema


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_database_that_is_away_is_still_an_answer(api: Call, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    away = Pool(lambda: connect("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1"), kept=1)
    monkeypatch.setattr("include.web.database._pool", away)
    answer = api("GET", WHOLE + kind)
    assert (answer.status_code, error(answer)["code"]) == (503, "UNAVAILABLE")


def write(connection: Connection, first: int, last: int) -> None:
    if first == 1:
        begun(connection, "run-1")
    connection.execute(WRITE_MANY, [first, last])


@pytest.fixture
def pool(airflow: None, app_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    lending = Pool(lambda: connect(app_url), kept=2)
    monkeypatch.setattr("include.web.database._pool", lending)
    yield lending
    lending.close()


def memory() -> int:
    return int(psutil.Process().memory_info().rss)


class Client:
    """Reads an answer, for at most so many pieces; then it is gone, or reads no more, or its connection is broken."""

    def __init__(self, pieces: int | None = None, breaks: bool = False, stays: bool = False) -> None:
        self._left, self._breaks, self._stays = pieces, breaks, stays
        self._gone = asyncio.Event()
        self.memory: list[int] = []
        self.size, self.has_all = 0, False

    async def receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.size += len(message.get("body", b""))
        self.has_all = message["type"] == "http.response.body" and not message.get("more_body")
        self.memory.append(memory())
        if self._left is not None and message.get("body"):
            self._left -= 1
            if self._left <= 0:
                if not self._stays:
                    self._gone.set()
                if self._breaks:
                    raise OSError("the connection is broken")
                await asyncio.Event().wait()


async def read(kind: str, client: Client, spec_version: str = "2.3", is_within: bool = False) -> None:
    """Read an export, on its own or within a middleware of the kind that Airflow's server has round everything."""
    from starlette.middleware.base import BaseHTTPMiddleware

    from include.web.exports import csv_of, parquet_of

    export = {"csv": csv_of, "parquet": parquet_of}[kind](ANN, Screen(sort="ticker"))
    passing_on = BaseHTTPMiddleware(export, dispatch=lambda request, call_next: call_next(request))
    scope = {"type": "http", "asgi": {"spec_version": spec_version}}
    await (passing_on if is_within else export)(scope, client.receive, client.send)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_many_results_are_sent_in_little_memory(connection: Connection, pool: Pool, kind: str) -> None:
    write(connection, 1, 15_000)
    asyncio.run(read(kind, Client()))  # what is imported for it, and what a part takes, stays
    write(connection, 15_001, 100_000)
    before, client = memory(), Client()
    asyncio.run(read(kind, client))
    assert client.size > 2_000_000
    assert len(client.memory) > 10
    assert max(client.memory) - before < 64_000_000  # all of them at once are several times as much


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("breaks", [False, True])
def test_a_client_that_is_gone_keeps_no_connection(connection: Connection, pool: Pool, kind: str, breaks: bool) -> None:
    from starlette.requests import ClientDisconnect

    write(connection, 1, 25_000)  # more than two groups of rows

    async def cut() -> None:
        client = Client(pieces=2, breaks=breaks)
        if breaks:
            with pytest.raises(ClientDisconnect):
                await read(kind, client, spec_version="2.4")
        else:
            await read(kind, client)
        assert lent(pool) == 0  # now, not when somebody collects the garbage

    asyncio.run(cut())


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(("spec_version", "is_within"), [("2.3", True), ("2.3", False), ("2.4", False)])
def test_a_client_that_reads_no_more_is_cut_off_and_keeps_no_connection(
    connection: Connection, pool: Pool, monkeypatch: pytest.MonkeyPatch, kind: str, spec_version: str, is_within: bool
) -> None:
    from include.web.exports import CutOffError, _places

    monkeypatch.setattr("include.web.exports.READER_SECONDS", 0.2)
    write(connection, 1, 25_000)

    async def stop_reading() -> None:
        client = Client(pieces=2, stays=True)
        with pytest.raises(CutOffError):
            await read(kind, client, spec_version, is_within)
        assert not client.has_all
        assert lent(pool) == 0

    before = free(_places())
    asyncio.run(stop_reading())
    assert free(_places()) == before


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(("spec_version", "is_within"), [("2.3", True), ("2.3", False), ("2.4", False)])
def test_an_export_whose_database_goes_away_does_not_look_whole(
    connection: Connection, pool: Pool, monkeypatch: pytest.MonkeyPatch, kind: str, spec_version: str, is_within: bool
) -> None:
    from include.web.exports import CutOffError

    write(connection, 1, 25_000)
    client = Client()

    async def take_and_break(message: Any) -> None:
        await Client.send(client, message)
        if client.size:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    monkeypatch.setattr(client, "send", take_and_break)
    with pytest.raises((CutOffError, BaseExceptionGroup)):  # the server breaks the connection
        asyncio.run(read(kind, client, spec_version, is_within))
    assert client.size > 0
    assert not client.has_all
    assert lent(pool) == 0


def free(places: BoundedSemaphore) -> int:
    return places._value


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_an_export_too_many_is_refused_until_another_one_ends(
    connection: Connection, api: Call, rows: list[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    from include.web.exports import csv_of

    places = BoundedSemaphore(2)
    monkeypatch.setattr("include.web.exports._places", lambda: places)
    held = [csv_of(ANN, Screen(sort="ticker")) for _ in range(2)]
    refused = api("GET", WHOLE + kind)
    assert (refused.status_code, error(refused)["code"]) == (503, "UNAVAILABLE")
    assert refused.headers["Retry-After"] == "2"
    assert api("GET", f"{WHOLE}json").is_success
    for export in held:
        export.chunks.close()  # type: ignore[attr-defined]
    assert [api("GET", WHOLE + kind).status_code for _ in range(3)] == [200] * 3


def test_an_export_that_cannot_begin_keeps_no_place(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    away = Pool(lambda: connect("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1"), kept=1)
    places = BoundedSemaphore(1)
    monkeypatch.setattr("include.web.exports._places", lambda: places)
    monkeypatch.setattr("include.web.exports.lend", away.lend)
    assert api("GET", f"{WHOLE}csv").status_code == 503
    assert free(places) == 1


def lent(pool: Pool) -> int:
    return pool._pool.checkedout()


def test_the_description_names_the_kinds_of_files(api: Call) -> None:
    said = api("GET", "/openapi.json").json()["paths"]["/results"]["get"]
    assert {"application/json", "text/csv", "application/vnd.apache.parquet"} == set(
        said["responses"]["200"]["content"]
    )
    (kinds,) = [one["schema"]["enum"] for one in said["parameters"] if one["name"] == "format"]
    assert kinds == ["json", "csv", "parquet"]


def test_a_server_that_nobody_asks_for_a_file_loads_neither_pyarrow_nor_pandas(airflow: None) -> None:
    look = "import include.web.app, sys; print(sorted({'pyarrow', 'pandas'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True, timeout=120)
    assert told.stdout.splitlines()[-1] == "[]"
