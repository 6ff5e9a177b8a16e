"""From what somebody sent to the canonical request: the one form in which equal work is equal."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from include.analysis import load_strategies
from include.jobs.form import WATCHLIST, RequestForm
from include.market.symbols import apply_aliases, normalize_ticker
from include.market.universes import universe, universes
from include.model.analysis import RiskProfile
from include.model.bars import DataSource
from include.model.errors import EmptyWatchlistError, FieldProblem, InvalidRequestError
from include.model.request import AnalysisRequest, AnalysisSource, Demand, OnDuplicate, Trigger
from include.settings import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asks, through which door, and how to look up their watchlist and the tickers that were renamed.

    `promised` are the tickers that the same request was answered for already: they stand, whatever has changed since.
    """

    name: str
    trigger: Trigger
    watchlist: Callable[[], Sequence[str]]
    aliases: Callable[[], Mapping[str, str]] = dict
    promised: Callable[[], tuple[str, ...]] = tuple


def canonicalise(raw: Mapping[str, Any], requester: Requester) -> Demand:
    """The demand that `raw` stands for.

    Raises InvalidRequestError, which names every bad field and what is allowed.
    """
    form = _parse(raw)
    problems = [*_ticker_problems(form), *_name_problems(form), *_contradictions(form)]
    if problems:
        raise InvalidRequestError(problems)
    tickers = _resolve_tickers(form, requester)
    request = AnalysisRequest(
        tickers=tickers,
        strategy=form.strategy,
        strategy_version=load_strategies(settings().strategies_file)[form.strategy].version,
        risk=RiskProfile(
            capital=form.capital,
            risk_percent=form.risk_percent,
            position_limit_percent=form.position_limit_percent,
            min_risk_reward=form.min_risk_reward,
        ),
        as_of=form.as_of,
        data_source=DataSource(form.data_source),
        scope=_scope(requester),
    )
    return Demand(
        request=request,
        requested_by=requester.name,
        trigger=requester.trigger,
        analysis_source=_analysis_source(form),
        force=form.force,
        batch_size=form.batch_size,
        on_duplicate=OnDuplicate(form.on_duplicate),
        request_id=form.request_id,
    )


def _parse(raw: Mapping[str, Any]) -> RequestForm:
    try:
        # by way of JSON, since strict types there let a date be a string, as every door sends it
        return RequestForm.model_validate_json(json.dumps(dict(raw), default=str))
    except ValidationError as error:
        raise InvalidRequestError(list(_unreadable(raw)) or [_problem(e) for e in error.errors()]) from None


def _unreadable(raw: Mapping[str, Any]) -> Iterator[FieldProblem]:
    """The fields with halves of characters: JSON can write them, but they are no text."""
    for name, value in raw.items():
        try:
            json.dumps({name: value}, default=str, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            readable = str(name).encode(errors="replace").decode()
            yield FieldProblem(readable, ascii(value), "has half a character in it, which is no text")


def _problem(error: ErrorDetails) -> FieldProblem:
    field = ".".join(str(part) for part in error["loc"]) or "request"
    if error["type"] == "extra_forbidden":
        allowed = ", ".join(RequestForm.model_fields)
        return FieldProblem(field, error["input"], f"there is no such field; allowed: {allowed}")
    return FieldProblem(field, error["input"], error["msg"])


def _ticker_problems(form: RequestForm) -> Iterator[FieldProblem]:
    for index, raw in enumerate(form.tickers or ()):
        try:
            normalize_ticker(raw)
        except ValueError as error:
            yield FieldProblem(f"tickers.{index}", raw, str(error))


def _name_problems(form: RequestForm) -> Iterator[FieldProblem]:
    strategies = load_strategies(settings().strategies_file)
    if form.strategy not in strategies:
        yield FieldProblem("strategy", form.strategy, f"no such strategy; allowed: {', '.join(strategies)}")
    if form.universe is not None and form.tickers:
        yield FieldProblem("universe", form.universe, "give tickers or a universe, not both")
    elif form.universe is not None and form.universe not in (WATCHLIST, *universes()):
        allowed = ", ".join((WATCHLIST, *universes()))
        yield FieldProblem("universe", form.universe, f"no such universe; allowed: {allowed}")


def _contradictions(form: RequestForm) -> Iterator[FieldProblem]:
    if form.force and form.on_duplicate != "use_existing":
        reason = "with force a job runs beside an equal one: leave on_duplicate out, or force"
        yield FieldProblem("on_duplicate", form.on_duplicate, reason)


def _resolve_tickers(form: RequestForm, requester: Requester) -> tuple[str, ...]:
    return requester.promised() or _look_up(form, requester)


def _look_up(form: RequestForm, requester: Requester) -> tuple[str, ...]:
    if form.tickers:
        field, tickers = "tickers", {normalize_ticker(raw) for raw in form.tickers}
    elif form.universe not in (None, WATCHLIST):
        field, tickers = "universe", set(universe(form.universe))
    else:
        field, tickers = "tickers", set(requester.watchlist())
    if form.data_source == "yahoo":  # the sample knows its stocks by the names of their time
        tickers = set(apply_aliases(tickers, requester.aliases()))
    if not tickers:
        reason = f"no tickers, no universe, and the watchlist of {requester.name} is empty: give one of them"
        raise EmptyWatchlistError([FieldProblem(field, form.tickers, reason)])
    if len(tickers) > settings().max_tickers:
        reason = f"at most {settings().max_tickers} tickers a job; this has {len(tickers)}"
        raise InvalidRequestError([FieldProblem(field, len(tickers), reason)])
    return tuple(sorted(tickers))


def _scope(requester: Requester) -> str:
    if requester.trigger in (Trigger.SCHEDULE, Trigger.BACKFILL):
        return "schedule"
    return "shared" if settings().job_scope == "shared" else f"user:{requester.name}"


def _analysis_source(form: RequestForm) -> AnalysisSource:
    if DataSource(form.data_source) is DataSource.DEMO:
        return AnalysisSource.DEMO
    if form.tickers:
        return AnalysisSource.SELECTED
    return AnalysisSource.WATCHLIST if form.universe in (None, WATCHLIST) else AnalysisSource.BULK
