"""Writes the answer files from exchange-calendars itself: `python -m tests.timetable.make_answers`.

Look at what changes with a newer exchange-calendars before it is kept.
"""

import csv
import warnings
from datetime import timedelta
from pathlib import Path

import pandas as pd

ANSWERS = Path(__file__).parent / "answers"
CALENDARS = {"XNYS": "XNYS", "XNSE": "XBOM", "XLON": "XLON", "XTKS": "XTKS"}
FIRST, LAST = pd.Timestamp(2024, 1, 1), pd.Timestamp(2026, 12, 31)


def main() -> None:
    """Every day of three years: its close in UTC, or nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import exchange_calendars

        for exchange, calendar in CALENDARS.items():
            closes = exchange_calendars.get_calendar(calendar, start=FIRST - timedelta(40), end=LAST).closes
            with (ANSWERS / f"{exchange}.csv").open("w", newline="") as file:
                rows = csv.writer(file, lineterminator="\n")
                rows.writerow(("day", "close"))
                for day in pd.date_range(FIRST, LAST):
                    close = closes.get(day)
                    rows.writerow((day.date(), "" if close is None else f"{close:%Y-%m-%dT%H:%M}"))


if __name__ == "__main__":
    main()
