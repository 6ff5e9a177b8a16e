"""Overrides as a test wants them, without a database."""

from collections.abc import Callable
from datetime import date, time

import pytest

from include.model.calendar import CalendarOverrides, SessionOverride
from include.timetable import agenda

Enter = Callable[..., None]


@pytest.fixture(autouse=True)
def enter(monkeypatch: pytest.MonkeyPatch) -> Enter:
    """Enter overrides: none at first."""
    agenda._year.cache_clear()
    entries: list[SessionOverride] = []
    monkeypatch.setattr(agenda, "known_overrides", lambda: CalendarOverrides(tuple(entries)))

    def add(exchange: str, day: str, *, is_session: bool, closes_at: str | None = None) -> None:
        close = time.fromisoformat(closes_at) if closes_at else None
        entry = SessionOverride(exchange=exchange, day=date.fromisoformat(day), is_session=is_session, closes_at=close)
        entries.append(entry)

    return add
