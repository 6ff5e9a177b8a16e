"""Every setting of the product, once: name, default, what it does.

The environment variable of a setting is `BELLWETHER_` and its name in capitals, as `BELLWETHER_BATCH_SIZE`.
"""

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

# An empty text in the environment is how an operator says "for ever" where the default is another.
EmptyIsNone = BeforeValidator(lambda value: None if value == "" else value)
Days = Annotated[int | None, Field(ge=1, le=36_500), EmptyIsNone]


class Settings(BaseSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(env_prefix="BELLWETHER_", frozen=True, extra="ignore")

    connection_id: str = Field("stocks_db", description="Airflow connection of the database `stocks`")
    app_role: str = Field("stocks_app", description="database role of tasks and API; may read and write rows, no DDL")
    job_scope: Literal["user", "shared"] = Field(
        "user", description="whose equal requests share one job: each user's own (`user`) or everybody's (`shared`)"
    )
    one_door: bool = Field(
        True, description="lead Airflow's own triggers through our submission, so that equal ones get the same run"
    )
    max_event_streams: int = Field(
        200, ge=1, le=10_000, description="progress streams that one process of the API server has open at once"
    )
    max_exports: int = Field(5, ge=1, le=1000, description="exports that one process of the API server writes at once")
    max_tickers: int = Field(10_000, ge=1, le=10_000, description="most tickers that one job may have")
    max_active_jobs: int = Field(
        20,
        ge=1,
        le=10_000,
        description="most queued and running jobs of one user; runs of a schedule, backfill, DAG or asset do not count",
    )
    max_watchlists: int = Field(50, ge=1, le=1000, description="most watchlists that one user may have")
    max_watchlist_tickers: int = Field(1000, ge=1, le=10_000, description="most tickers that one watchlist may have")
    single_ticker_tasks: int = Field(
        8, ge=0, le=256, description="up to this many tickers, each gets a task of its own"
    )
    batch_size: int = Field(50, ge=1, le=10_000, description="tickers a mapped task analyses in larger jobs")
    max_batches: int = Field(64, ge=1, le=1000, description="most mapped tasks of one job; batches grow beyond it")
    job_timeout_minutes: float = Field(
        360.0, gt=0, le=10_000, description="a job that takes longer has failed; what it has stored stays"
    )
    silent_job_minutes: float = Field(
        60.0, gt=1, le=10_000, description="housekeeping ends a job that has written nothing for so long"
    )
    keep_raw_data_days: Days = Field(
        None, description="days that the indicator values of a result are kept; without a value for ever"
    )
    keep_jobs_days: Days = Field(
        None, description="days that an ended job is kept that owns no result (any more); without a value for ever"
    )
    keep_request_ids_days: Days = Field(
        30, description="days in which a repeated `request_id` gets the same answer; empty: for ever"
    )
    keep_outbox_days: Days = Field(30, description="days that sent notifications are kept; empty: for ever")
    keep_changes_days: Days = Field(365, description="days that the changes of watchlists are kept; empty: for ever")
    smtp_connection_id: Annotated[str | None, EmptyIsNone] = Field(
        None, description="Airflow connection (smtp) by which users get mails; without a value nobody does"
    )
    webhook_connection_id: Annotated[str | None, EmptyIsNone] = Field(
        None,
        description="Airflow connection (http) of a chat's webhook for notifications; without a value there is none",
    )
    notification_tries: int = Field(
        10, ge=1, le=100, description="tries of one notification, with growing pauses, until it is given up"
    )
    lookback_bars: int = Field(
        750, ge=60, le=20_000, description="most bars that one analysis looks at; more warm-up, more time"
    )
    default_data_source: Literal["yahoo", "sample", "demo"] = Field(
        "yahoo", description="where prices come from when a request does not say it"
    )
    close_delay_minutes: float = Field(
        30.0, ge=0, le=720, description="a session counts as completed this long after its close, with the bar final"
    )
    daily_exchanges: str = Field(
        "XNYS", description="exchanges whose watchlists have a daily DAG, as `XNYS,XBOM,XLON`; empty: none"
    )
    daily_since: Annotated[date | None, EmptyIsNone] = Field(
        None, description="daily DAGs catch up with every session from this date on; without a value the newest alone"
    )
    late_bar_minutes: float = Field(
        180.0, ge=0, le=1200, description="a daily run waits so long for bars that its source does not have yet"
    )
    strategies_file: Path | None = Field(None, description="a file of your own strategies, added to the built-in ones")
    universes_dir: Path | None = Field(None, description="a folder of your own universes, a file name.csv each")
    fetch_threads: int = Field(10, ge=1, le=64, description="price requests in flight in one task")
    fetch_timeout_seconds: float = Field(20.0, gt=0, le=300, description="longest wait for one price request")
    requests_per_minute: int = Field(
        60, ge=1, le=100_000, description="requests that Yahoo gets a minute, from all jobs on all hosts together"
    )
    fetch_tasks: int = Field(
        2, ge=1, le=256, description="tasks with many tickers that ask Yahoo at once; others free their slot meanwhile"
    )
    fetch_wait_seconds: float = Field(
        60.0, gt=0, le=3600, description="a task that waits longer for its turn frees its slot and comes back"
    )
    recheck_minutes: float = Field(
        60.0, ge=0, le=10_000, description="a price that Yahoo did not have is not asked for again before"
    )
    dead_after_sessions: int = Field(
        5, ge=2, le=250, description="sessions in a row that Yahoo must not have of a ticker until it counts as dead"
    )
    dead_recheck_days: float = Field(7.0, gt=0, le=365, description="how rarely Yahoo is asked for a dead ticker")
    pause_seconds: float = Field(
        60.0, gt=0, le=900, description="first pause when Yahoo says 429 or is away; doubles, up to 15 minutes"
    )
    away_minutes: float = Field(
        30.0, ge=0, le=300, description="Yahoo away for longer: jobs end with that reason instead of waiting"
    )
    yahoo_cache_dir: Path | None = Field(None, description="folder for Yahoo's time zones and cookies, one a machine")


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once from the environment."""
    return Settings()
