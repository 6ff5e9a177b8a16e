"""Whole columns to and from PostgreSQL as arrays of numpy, without a Python object for each figure."""

import struct
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import pq
from psycopg.adapt import Dumper

EPOCH = np.datetime64("2000-01-01", "D")  # where PostgreSQL counts its days from
FLOAT8, FLOAT8_ARRAY = 701, 1022  # pg_type.oid
INT4, INT4_ARRAY = 23, 1007


class FloatsDumper(Dumper):
    """A float64 array of shape (n,) as float8[], in the binary format of PostgreSQL's arrays."""

    format = pq.Format.BINARY
    oid = FLOAT8_ARRAY

    def dump(self, obj: NDArray[np.float64]) -> bytes:
        """The array as bytes."""
        return _dump(obj, FLOAT8, ">f8")


class IntegersDumper(Dumper):
    """An int32 array of shape (n,) as int4[]."""

    format = pq.Format.BINARY
    oid = INT4_ARRAY

    def dump(self, obj: NDArray[np.int32]) -> bytes:
        """The array as bytes."""
        return _dump(obj, INT4, ">i4")


class Floats(np.ndarray[Any, np.dtype[np.float64]]):
    """A column of floats, as a parameter of a statement."""


class Integers(np.ndarray[Any, np.dtype[np.int32]]):
    """A column of integers, as a parameter of a statement."""


def _dump(column: NDArray[Any], element: int, kind: str) -> bytes:
    width = np.dtype(kind).itemsize
    items = np.empty(len(column), dtype=[("length", ">i4"), ("value", kind)])
    items["length"], items["value"] = width, column
    return struct.pack(">iIIii", 1, 0, element, len(column), 1) + items.tobytes()


def take_arrays(connection: psycopg.Connection[Any]) -> None:
    """Let this connection take `Floats` and `Integers` as parameters."""
    connection.adapters.register_dumper(Floats, FloatsDumper)
    connection.adapters.register_dumper(Integers, IntegersDumper)


def floats(column: NDArray[np.float64]) -> Floats:
    """A column of floats as a parameter."""
    return column.astype(np.float64, copy=False).view(Floats)


def days(column: NDArray[np.datetime64]) -> Integers:
    """Days as a parameter: whole days since 2000-01-01."""
    return (column.astype("M8[D]") - EPOCH).astype(np.int32).view(Integers)


def read_floats(data: bytes) -> NDArray[np.float64]:
    """What `string_agg(float8send(x), '')` gave."""
    return np.frombuffer(data, ">f8").astype(np.float64)


def read_days(data: bytes) -> NDArray[np.datetime64]:
    """What `string_agg(date_send(x), '')` gave."""
    return EPOCH + np.frombuffer(data, ">i4").astype("m8[D]")
