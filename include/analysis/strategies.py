"""The strategies, read from the built-in file and from one of the user's own."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, get_args

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from include.analysis.strategy import Strategy, TechnicalRating, WeightedVotes
from include.model.errors import StrategyError

BUILT_IN = Path(__file__).with_name("strategies.toml")

_KINDS: Mapping[str, type[Strategy]] = {"weighted_votes": WeightedVotes, "technical_rating": TechnicalRating}
_ANY: TypeAdapter[WeightedVotes | TechnicalRating] = TypeAdapter(
    Annotated[WeightedVotes | TechnicalRating, Field(discriminator="rating")]
)


@lru_cache(maxsize=8)
def load_strategies(extra: Path | None = None) -> Mapping[str, Strategy]:
    """Every strategy by id: the built-in ones, then those of the file `extra`.

    Read once for each file. Raises StrategyError, naming file, strategy, field and what is allowed.
    """
    strategies = {s.id: s for s in _read(BUILT_IN)}
    for strategy in _read(extra) if extra else ():
        if strategy.id in strategies:
            raise StrategyError(f"{extra}: strategy {strategy.id!r} is built in; give yours another name")
        strategies[strategy.id] = strategy
    return MappingProxyType(strategies)


def _read(file: Path) -> Iterator[Strategy]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise StrategyError(f"{file}: cannot be read ({error.strerror}); name a readable file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StrategyError(f"{file}: is not valid TOML: {error}") from error
    for name, table in content.items():
        yield _validated(file, name, table)


def _validated(file: Path, name: str, table: object) -> Strategy:
    where = f"{file}: strategy {name!r}"
    if not isinstance(table, dict):
        raise StrategyError(f"{where}: must be a table, as [{name}]; strategies stand in tables of their own")
    if "id" in table:
        raise StrategyError(f"{where}, id: unknown; the name of the table is the id")
    try:
        return _ANY.validate_python({**table, "id": name})
    except ValidationError as error:
        kind = _KINDS.get(str(table.get("rating")))
        raise StrategyError("; ".join(f"{where}{_problem(e, kind)}" for e in error.errors())) from error


def _problem(error: ErrorDetails, kind: type[Strategy] | None) -> str:
    """One problem as `, field: what is wrong and what is allowed`."""
    path = [str(part) for part in error["loc"] if part not in _KINDS]
    if error["type"].startswith("union_tag"):
        return f", rating: must be one of {', '.join(_KINDS)}"
    field = f", {'.'.join(path)}" if path else ""
    if error["type"] == "extra_forbidden" and kind:
        return f"{field}: unknown; allowed: {', '.join(_allowed(kind, path[:-1]))}"
    if error["type"] == "missing":
        return f"{field}: is missing"
    message = error["msg"].removeprefix("Value error, ")
    given = "" if isinstance(error["input"], BaseModel | dict) else f" (got {error['input']!r})"
    return f"{field}: {message[0].lower()}{message[1:]}{given}"


def _allowed(model: type[BaseModel], path: list[str]) -> list[str]:
    """The names that the part of a strategy at `path` may have."""
    fields: dict[str, tuple[str, Any]] = {f.alias or n: (n, f.annotation) for n, f in model.model_fields.items()}
    if not path:
        return sorted(set(fields) - {"id"})
    annotation = fields[path[0]][1]
    part = next(a for a in (annotation, *get_args(annotation)) if isinstance(a, type) and issubclass(a, BaseModel))
    return _allowed(part, path[1:])
