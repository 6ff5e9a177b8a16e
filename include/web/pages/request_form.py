"""The form of a request, made from the model that Airflow's trigger form is made from: a new field is in both."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from markupsafe import Markup, escape

from include.pipeline.params import NOTHING, SCHEMA, field_choices

FOR_PROGRAMS = {"request_id"}  # the page makes its own, so that a repeated send is answered with the same job

Kind = Literal["lines", "choice", "check", "number", "date", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field as the template draws it. `limits` are attributes of its input, `help` may have code in it."""

    name: str
    title: str
    help: Markup
    kind: Kind
    default: Any
    choices: Mapping[str, str]
    limits: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Fields that stand together; the first ones have no title above them."""

    title: str | None
    fields: tuple[Field, ...]


def request_form() -> list[Section]:
    """The sections of the form, in the order of the model."""
    return [Section(title=title, fields=tuple(fields)) for title, fields in _by_section()]


def _by_section() -> Iterator[tuple[str | None, list[Field]]]:
    choices = field_choices()
    shown = {name: schema for name, schema in SCHEMA.items() if name not in FOR_PROGRAMS}
    for title, items in groupby(shown.items(), key=lambda item: item[1].get("section")):
        yield title, [_field(name, schema, choices.get(name, {})) for name, schema in items]


def _field(name: str, schema: Mapping[str, Any], choices: Mapping[str, str]) -> Field:
    variants = schema.get("anyOf", [schema])
    said = next(one for one in variants if one["type"] != "null")
    nullable = len(variants) > 1
    return Field(
        name=name,
        title=schema["title"],
        help=_with_code(" ".join(filter(None, (schema["description"], _limits_in_words(said))))),
        kind="choice" if choices else _kind(said),
        default=schema["default"],
        choices=({"": NOTHING} if nullable and choices else {}) | dict(choices),
        limits={"min": said.get("minimum", said.get("exclusiveMinimum")), "max": said.get("maximum")},
    )


def _kind(schema: Mapping[str, Any]) -> Kind:
    kinds: Mapping[str, Kind] = {"array": "lines", "boolean": "check", "number": "number", "integer": "number"}
    return kinds.get(schema["type"], "date" if schema.get("format") == "date" else "text")


def _limits_in_words(schema: Mapping[str, Any]) -> str:
    low, above, high = (schema.get(name) for name in ("minimum", "exclusiveMinimum", "maximum"))
    if high is None:
        return ""
    return f"{low:,} to {high:,.0f}." if low is not None else f"More than {above:,}, at most {high:,.0f}."


def _with_code(text: str) -> Markup:
    """The text in HTML, with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before
