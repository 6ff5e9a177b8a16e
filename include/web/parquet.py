"""Results as a Parquet file, one row group after the other. Imported when somebody asks for one."""

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from types import NoneType
from typing import Any, get_args, get_type_hints

import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from include.model.results import ResultRow

ROWS_A_BATCH = 1000
ROWS_A_GROUP = 10_000
TYPES = {
    float: pa.float64(),
    int: pa.int64(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
    tuple[str, ...]: pa.list_(pa.string()),
}


def parquet(rows: Iterator[ResultRow]) -> Iterator[bytes]:
    """The file in pieces. A group is in memory as columns, and never more than a batch of it as rows."""
    sent = _Sent()
    with ParquetWriter(sent, SCHEMA) as writer:
        while group := list(islice(_batches(rows), ROWS_A_GROUP // ROWS_A_BATCH)):
            writer.write_table(pa.Table.from_batches(group, SCHEMA), ROWS_A_GROUP)
            del group
            yield sent.take()
    yield sent.take()


def _field(name: str, hint: Any) -> pa.Field:  # noqa: ANN401
    """A column of the type that the row has; what is a text there, enums too, is one here."""
    kinds = [kind for kind in get_args(hint) if kind is not NoneType] if NoneType in get_args(hint) else [hint]
    return pa.field(name, TYPES.get(kinds[0], pa.string()), nullable=kinds != [hint])


SCHEMA = pa.schema([_field(name, hint) for name, hint in get_type_hints(ResultRow).items()])


def _batches(rows: Iterator[ResultRow]) -> Iterator[pa.RecordBatch]:
    while batch := list(islice(rows, ROWS_A_BATCH)):
        yield _columns(batch)


def _columns(rows: Sequence[ResultRow]) -> pa.RecordBatch:
    columns = [pa.array([getattr(row, field.name) for row in rows], field.type) for field in SCHEMA]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


class _Sent(io.RawIOBase):
    """What was written and not yet taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:  # noqa: ANN401
        self._pieces.append(bytes(piece))
        return len(self._pieces[-1])

    def take(self) -> bytes:
        """All of it, once."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken
