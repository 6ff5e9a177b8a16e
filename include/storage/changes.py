"""Writes and reads of what changed on users' watchlists. A user reads the own lists, whoever that is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter

from include.model.changes import Change, ChangeKind
from include.storage.connection import Connection, queries

PLANS = 20  # sessions whose plans are watched for their stop and target

_CHANGE = TypeAdapter(Change)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesWanted:
    """Which changes; None where it does not matter."""

    kind: ChangeKind | None = None
    ticker: str | None = None
    session: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedChange:
    """A change and its place in the order of its list."""

    change: Change
    id: int


def write_changes(connection: Connection, job_id: str) -> None:
    """Note what a job that has ended changed on lists; belongs into the transaction of its end, before the lists."""
    queries().write_changes(connection, job_id=job_id, plans=PLANS)


def count_changes(connection: Connection, job_id: str) -> dict[ChangeKind, int]:
    """How many tickers on anybody's lists changed by the last attempt of a job."""
    return {ChangeKind(row["kind"]): row["tickers"] for row in queries().count_changes(connection, job_id=job_id)}


def changes_of_list(
    connection: Connection, owner: str, name: str, wanted: ChangesWanted, before: int | None, most: int
) -> list[PlacedChange]:
    """One page of what changed on a list, the newest first: those before the change with this id."""
    rows = queries().changes_of_list(
        connection,
        owner=owner,
        list=name,
        kind=wanted.kind,
        ticker=wanted.ticker,
        session=wanted.session,
        before=before,
        most=most,
    )
    return _placed(rows)


def changes_of_job(
    connection: Connection, owner: str, job_id: str, kind: ChangeKind | None, before: int | None, most: int
) -> list[PlacedChange]:
    """One page of what a job changed on the lists of a user, the newest first."""
    rows = queries().changes_of_job(connection, owner=owner, job_id=job_id, kind=kind, before=before, most=most)
    return _placed(rows)


def _placed(rows: Iterable[Mapping[str, Any]]) -> list[PlacedChange]:
    return [PlacedChange(id=row["id"], change=_change(row)) for row in rows]


def _change(row: Mapping[str, Any]) -> Change:
    return _CHANGE.validate_python({name: row[name] for name in Change.__dataclass_fields__})
