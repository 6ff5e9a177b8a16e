"""The timetable: one run for each session of an exchange, some time after its close."""

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Self

from airflow.sdk.timezone import coerce_datetime
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

if TYPE_CHECKING:
    from airflow.utils.types import DagRunType

    from include.timetable.agenda import Session

USUAL_DELAY = timedelta(minutes=30)


class SessionTimetable(Timetable):
    """One run for each session of an exchange, `delay` after its close.

    The data interval of a run goes from midnight UTC of the session's day to its close, so the logical date is the
    day of the session for every exchange. `exchange` is a name as `python -m include.market sessions` knows it.
    With `backfills_only`, and without the DAG's catch-up, no run comes by itself.
    """

    def __init__(self, exchange: str, delay: timedelta = USUAL_DELAY, *, backfills_only: bool = False) -> None:
        self.exchange, self.delay, self.backfills_only = exchange, delay, backfills_only
        when = "when a backfill asks for it" if backfills_only else f"{_in_words(delay)} after its close"
        self.description = f"Every session of {exchange}, {when}"

    def serialize(self) -> dict[str, Any]:
        """What `deserialize` needs, as JSON."""
        return {
            "exchange": self.exchange,
            "delay_seconds": self.delay.total_seconds(),
            "backfills_only": self.backfills_only,
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Self:
        """The timetable again."""
        delay = timedelta(seconds=data["delay_seconds"])
        return cls(data["exchange"], delay, backfills_only=data["backfills_only"])

    def validate(self) -> None:
        """Refuse an exchange that is unknown, when the DAG is read."""
        from airflow.exceptions import AirflowTimetableInvalid

        from include.market.exchanges import find_exchange  # knows names; calendars are not imported by it

        try:
            find_exchange(self.exchange)
        except LookupError as error:
            raise AirflowTimetableInvalid(str(error)) from error

    @property
    def summary(self) -> str:
        """What the list of DAGs shows as the schedule."""
        return (
            f"{self.exchange} backfills" if self.backfills_only else f"{self.exchange} close + {_in_words(self.delay)}"
        )

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The session after the last one that had a run; without catch-up none that is older than the newest.

        No run was there yet, and there is no start date either: the newest session.
        """
        from include.timetable.agenda import first_from

        if self.backfills_only and not restriction.catchup:
            return None
        days = [_first_day(restriction.earliest)] if restriction.earliest else []
        if last_automated_data_interval:
            days.append(last_automated_data_interval.start.date() + timedelta(days=1))
        if not restriction.catchup or not days:
            days.append(self._newest().day)
        session = first_from(self.exchange, max(days))
        if restriction.latest and session.label > restriction.latest:
            return None
        return DagRunInfo(run_after=_moment(session.end + self.delay), data_interval=_interval(session))

    def infer_manual_data_interval(self, *, run_after: datetime) -> DataInterval:
        """The session that a date names (midnight UTC), else the newest that had a run by then."""
        from include.timetable.agenda import newest_over, session_on

        named = session_on(self.exchange, run_after.date()) if run_after.timetz() == time(tzinfo=UTC) else None
        return _interval(named or newest_over(self.exchange, run_after - self.delay))

    def generate_run_id(
        self,
        *,
        run_type: "DagRunType",
        run_after: datetime,
        data_interval: DataInterval | None,
        **extra: Any,  # noqa: ANN401
    ) -> str:
        """Scheduled runs are named by exchange and session.

        Their prefix is reserved by Airflow: who could make a run of that name before its time would end the scheduler.
        """
        if run_type != "scheduled" or data_interval is None:
            named: str = super().generate_run_id(
                run_type=run_type, run_after=_moment(run_after), data_interval=data_interval, **extra
            )
            return named
        return f"scheduled__{self.exchange}__{data_interval.start.date()}"

    def _newest(self) -> "Session":
        from include.timetable.agenda import newest_over

        return newest_over(self.exchange, utc_now() - self.delay)


def utc_now() -> datetime:
    """The time of this machine's clock."""
    return datetime.now(UTC)


def _first_day(earliest: datetime) -> date:
    """The first day whose midnight is not before a start date."""
    day = earliest.astimezone(UTC).date()
    return day if earliest == datetime.combine(day, time(), UTC) else day + timedelta(days=1)


def _interval(session: "Session") -> DataInterval:
    return DataInterval(start=_moment(session.label), end=_moment(session.end))


def _moment(moment: datetime) -> Any:  # noqa: ANN401 - Airflow wants pendulum's
    return coerce_datetime(moment)


def _in_words(delay: timedelta) -> str:
    minutes = delay.total_seconds() / 60
    return f"{minutes:.0f} minutes"
