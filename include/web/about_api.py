"""What can be asked for, whether it would be done, and which version this is."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from airflow import __version__ as airflow_version
from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Response, status
from pydantic import BaseModel

from include import __version__
from include.analysis import Strategy, describe_strategy, load_strategies
from include.market.universes import Universe, universe, universes
from include.model.analysis import Category
from include.settings import settings
from include.storage.schema import SCHEMA_VERSION
from include.web.access import MayRead
from include.web.airflow_runs import released
from include.web.errors import RETRY_AFTER_SECONDS, answer
from include.web.readiness import Housekeeping, Notifications, examine

router = APIRouter(tags=["about"])


class IndicatorAnswer(BaseModel):
    """What a strategy looks at: when it votes, and when it is sure, in words."""

    id: str
    label: str
    category: Category
    rule: str


class StrategyAnswer(BaseModel):
    """A strategy as a person chooses it; `version` changes with everything that changes a result.

    A score that is `plain` points from 50 is a Buy or Sell, and a strong one from `strong` on.
    """

    name: str
    title: str
    description: str
    version: str
    rules: list[str]
    plain: float
    strong: float
    indicators: list[IndicatorAnswer]


class UniverseAnswer(BaseModel):
    """A named set of tickers; `description` says where it is from, `dated` of when it is."""

    name: str
    title: str
    description: str
    dated: str


class UniverseMembers(UniverseAnswer):
    """A named set of tickers with its tickers."""

    count: int
    tickers: tuple[str, ...]


class Strategies(BaseModel):
    """All strategies, an operator's own among them."""

    items: list[StrategyAnswer]
    next_cursor: None = None


class Universes(BaseModel):
    """All universes, an operator's own among them."""

    items: list[UniverseAnswer]
    next_cursor: None = None


class Health(BaseModel):
    """What a server says of itself that can do its work."""

    status: str = "ok"
    schema_version: str
    scheduler_heartbeat: datetime | None
    last_housekeeping: Housekeeping | None
    notifications: Notifications | None


class Version(BaseModel):
    """The versions that a report of a fault should name."""

    version: str = __version__
    schema_version: str = SCHEMA_VERSION
    airflow_version: str = airflow_version


@router.get("/strategies", dependencies=[MayRead])
def read_strategies() -> Strategies:
    """The strategies that a request may name."""
    return Strategies(items=[_strategy(one) for one in load_strategies(settings().strategies_file).values()])


@router.get("/universes", dependencies=[MayRead])
def read_universes() -> Universes:
    """The universes that a request may name, beside `watchlist`."""
    return Universes(items=[UniverseAnswer(**_universe(one)) for one in universes().values()])


@router.get("/universes/{name}", dependencies=[MayRead])
def read_universe(name: str) -> UniverseMembers:
    """Who is in a universe."""
    tickers = universe(name)
    return UniverseMembers(**_universe(universes()[name]), count=len(tickers), tickers=tickers)


@router.get("/health", dependencies=[MayRead], response_model=Health)
def read_health(session: SessionDep) -> Response | Health:
    """Whether a job that is asked for now would be done: 200, or 503 with what is not ready."""
    with released(session):
        found = examine(session)
    if found.troubles:
        said = answer("UNAVAILABLE", "not ready", status.HTTP_503_SERVICE_UNAVAILABLE, map(asdict, found.troubles))
        said.headers["Retry-After"] = RETRY_AFTER_SECONDS
        return said
    return Health(**{name: getattr(found, name) for name in Health.model_fields if name != "status"})


@router.get("/version", dependencies=[MayRead])
def read_version() -> Version:
    """The versions of the product, of its database, and of Airflow."""
    return Version()


def _strategy(strategy: Strategy) -> StrategyAnswer:
    return StrategyAnswer(
        name=strategy.id,
        title=strategy.title,
        description=strategy.description,
        version=strategy.version,
        rules=list(describe_strategy(strategy)),
        plain=strategy.plain / 10,
        strong=strategy.strong / 10,
        indicators=[
            IndicatorAnswer(id=one.id, label=one.label, category=one.category, rule=one.says)
            for one in strategy.indicators
        ],
    )


def _universe(found: Universe) -> Mapping[str, Any]:
    return {name: getattr(found, name) for name in UniverseAnswer.model_fields}
