"""`python -m include.analysis JPM IBM`: analyse, print, draw."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from include.analysis import load_strategies
from include.jobs.canonical import Requester, canonicalise
from include.jobs.form import RequestForm
from include.market.sources import open_source
from include.market.universes import universes
from include.model.bars import DataSource
from include.model.errors import FieldProblem, InvalidRequestError, Refusal
from include.model.request import AnalysisRequest, Trigger
from include.settings import settings
from include.terminal.console import console
from include.terminal.document import as_json
from include.terminal.explanation import print_explanation
from include.terminal.looks import Look, look
from include.terminal.table import overview

_NUMBERS = ("capital", "risk_percent", "position_limit_percent", "min_risk_reward")


def run(arguments: Sequence[str], epilog: str) -> int:
    """Look at the tickers; 1 when one of them could not be analysed."""
    options = _parser(epilog).parse_args(arguments)
    request = _request(options)
    if options.plot:
        _check_chart(options.plot, request)
    looks = look(request, open_source(request.data_source), datetime.now(UTC))
    analysed = [found for found in looks if isinstance(found, Look)]
    refused = [found for found in looks if isinstance(found, Refusal)]
    if options.json:
        print(as_json(looks))
    else:
        _show(analysed, explain=options.explain or len(looks) == 1)
    for refusal in refused:
        print(f"{refusal.ticker}: {refusal.message} ({refusal.code})", file=sys.stderr)
    if options.plot and analysed:
        _draw(analysed[0], options.plot)
    return 1 if refused else 0


def _parser(epilog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.analysis",
        description="Analyse stocks: a table of several, the full explanation of one. Nothing is stored.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tickers", nargs="*", metavar="TICKER", help="as Yahoo writes them: JPM, BRK-B, TCS.NS")
    parser.add_argument("--universe", choices=list(universes()), help="a named set of tickers instead")
    parser.add_argument("--source", dest="data_source", choices=[str(name) for name in DataSource])
    parser.add_argument("--strategy", help="one of " + ", ".join(load_strategies(settings().strategies_file)))
    parser.add_argument("--as-of", metavar="DATE", help="the last session up to it; else the last completed one")
    for name in _NUMBERS:
        field = RequestForm.model_fields[name]
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, metavar="N", help=_help(field))
    parser.add_argument("--explain", action="store_true", help="the full explanation of each, as a single one has it")
    parser.add_argument("--json", action="store_true", help="everything as JSON, for programs")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also draw one ticker: FILE.png, .svg or .pdf")
    return parser


def _help(field: Any) -> str:  # noqa: ANN401 - pydantic's FieldInfo
    default = "" if field.default is None else f" (default {field.default:g})"
    return f"{field.title.lower()}: {field.description}{default}".replace("%", "%%")


def _request(options: argparse.Namespace) -> AnalysisRequest:
    """The canonical request, checked like those of every other door."""
    if not options.tickers and not options.universe:
        raise InvalidRequestError([FieldProblem("tickers", [], "name a ticker or --universe; --help shows the rest")])
    names = ("tickers", "universe", "data_source", "strategy", "as_of", *_NUMBERS)
    given = {name: getattr(options, name) for name in names}
    requester = Requester(name="terminal", trigger=Trigger.CLI, watchlist=tuple)
    return canonicalise({name: value for name, value in given.items() if value not in (None, [])}, requester).request


def _check_chart(file: Path, request: AnalysisRequest) -> None:
    """Refuse before anything is fetched what cannot be drawn."""
    if len(request.tickers) > 1:
        raise InvalidRequestError([FieldProblem("plot", str(file), "a chart shows one ticker: name one")])
    if file.suffix not in (".png", ".svg", ".pdf"):
        raise InvalidRequestError([FieldProblem("plot", str(file), "the name must end in .png, .svg or .pdf")])


def _show(analysed: Sequence[Look], *, explain: bool) -> None:
    ranked = sorted(analysed, key=lambda found: -found.outcome.analysis.score)
    terminal = console()
    if len(ranked) > 1:
        terminal.print(overview(ranked))
    for found in ranked if explain else ():
        print_explanation(found, terminal)


def _draw(found: Look, file: Path) -> None:
    from include.terminal.chart import draw  # half a second that only a chart costs

    try:
        draw(found, file)
    except OSError as error:
        raise InvalidRequestError([FieldProblem("plot", str(file), f"cannot be written: {error.strerror}")]) from error
    print(f"drawn: {file}", file=sys.stderr)
