"""The fields of a request: types, defaults, limits and help, each written once.

The DAG's params form, Airflow's REST API and every other door are made from this model.
"""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from include.model.analysis import RiskProfile
from include.model.request import OnDuplicate
from include.settings import settings

DEFAULT_STRATEGY = "balanced"
WATCHLIST = "watchlist"

_RISK = RiskProfile()
_SIZING = "Position sizing"
_ADVANCED = "Advanced"


DataSourceName = Literal["yahoo", "sample", "demo"]
OnDuplicateName = Literal["use_existing", "fail", "supersede"]


class RequestForm(BaseModel):
    """What somebody may ask for. Types are strict, unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    tickers: list[str] | None = Field(
        None,
        title="Tickers",
        description="One a line, as `JPM`, `BRK-B`, `TCS.NS`. Leave empty to take a universe or your watchlist.",
    )
    universe: str | None = Field(
        None,
        title="Universe",
        description="A named set of tickers, instead of a list. Neither: your watchlist.",
    )
    strategy: str = Field(
        DEFAULT_STRATEGY, title="Strategy", description="How indicators are weighed and where stop and target go."
    )
    data_source: DataSourceName = Field(
        settings().default_data_source,
        title="Prices from",
        description="`sample`: real prices of 2009-2010, works offline. `demo`: synthetic ones.",
    )
    capital: float = Field(
        _RISK.capital,
        gt=0,
        le=1e9,
        title="Capital",
        description="In the currency of each listing.",
        json_schema_extra={"section": _SIZING},
    )
    risk_percent: float = Field(
        _RISK.risk_percent,
        gt=0,
        le=100,
        title="Risk per trade, %",
        description="Share of the capital that is lost when the stop is hit.",
        json_schema_extra={"section": _SIZING},
    )
    position_limit_percent: float | None = Field(
        _RISK.position_limit_percent,
        gt=0,
        le=100,
        title="Largest position, %",
        description="Share of the capital in one stock. Empty: the strategy's own limit.",
        json_schema_extra={"section": _SIZING},
    )
    min_risk_reward: float = Field(
        _RISK.min_risk_reward,
        gt=0,
        le=20,
        title="Least reward for the risk",
        description="The target is moved out until it is this multiple of the risk.",
        json_schema_extra={"section": _SIZING},
    )
    as_of: date | None = Field(
        None,
        title="As of",
        description="Analyse the last session up to this date. Empty: the last completed session.",
        json_schema_extra={"section": _ADVANCED},
    )
    force: bool = Field(
        False,
        title="Force",
        description="Run even while an equal job is active, and compute anew what is known.",
        json_schema_extra={"section": _ADVANCED},
    )
    on_duplicate: OnDuplicateName = Field(
        OnDuplicate.USE_EXISTING.value,
        title="When an equal job is active",
        description="Be answered with it, fail, or cancel it and take over.",
        json_schema_extra={"section": _ADVANCED},
    )
    request_id: str | None = Field(
        None,
        pattern="^[!-~]{1,200}$",
        title="Request id",
        description="For programs: a key of your own, up to 200 characters without spaces. The same one again gets the "
        "same answer.",
        json_schema_extra={"section": _ADVANCED},
    )
    batch_size: int | None = Field(
        None,
        ge=1,
        le=10_000,
        title="Batch size",
        description="Tickers a mapped task analyses. Empty: chosen by the number of tickers.",
        json_schema_extra={"section": _ADVANCED},
    )
