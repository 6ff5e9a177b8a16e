"""The track record once more, slowly and simply: one verdict after the other, with lists and dictionaries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import fmean, median

from include.model.analysis import Verdict
from include.model.bars import Bars

HORIZONS = (1, 5, 20)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A verdict as it was stored."""

    ticker: str
    session: date
    verdict: Verdict
    score: float
    close: float
    stop_loss: float | None = None
    target: float | None = None


@dataclass(kw_only=True)
class Followed:
    """A case with what came of it; horizons without a return are not in the dictionaries."""

    case: Case
    returns: dict[int, float]
    sessions: dict[int, date]
    touch: str | None
    touched_after: int | None


Row = tuple[date, float, float, float]


def rows_of(bars: Bars) -> list[Row]:
    return list(
        zip(bars.sessions.tolist(), bars.high.tolist(), bars.low.tolist(), bars.close.tolist(), strict=True)  # type: ignore[arg-type]
    )


def followed(case: Case, rows: list[Row]) -> Followed:
    places = [at for at, row in enumerate(rows) if row[0] == case.session]
    path: list[Row] = []
    if places:
        before = rows[places[0]]
        for row in rows[places[0] + 1 :]:
            if (row[0] - (path[-1] if path else before)[0]).days > 14 or len(path) == 20:
                break
            path.append(row)
        returns = {n: path[n - 1][3] / before[3] - 1 for n in HORIZONS if n <= len(path)}
        sessions = {n: path[n - 1][0] for n in HORIZONS if n <= len(path)}
        touch, after = first_touch(case, path, before[3] / case.close)
        return Followed(case=case, returns=returns, sessions=sessions, touch=touch, touched_after=after)
    return Followed(case=case, returns={}, sessions={}, touch=None, touched_after=None)


def first_touch(case: Case, path: list[Row], moved: float) -> tuple[str | None, int | None]:
    if case.stop_loss is None or case.target is None:
        return None, None
    stop, target = case.stop_loss * moved, case.target * moved
    for after, (_, high, low, _) in enumerate(path, start=1):
        is_long = stop < target
        if low <= stop * (1 + 1e-9) if is_long else high >= stop * (1 - 1e-9):
            return "stop", after
        if high >= target * (1 - 1e-9) if is_long else low <= target * (1 + 1e-9):
            return "target", after
    return ("neither" if len(path) == 20 else None), None


def sign(verdict: Verdict) -> int:
    return {"Strong Buy": 1, "Buy": 1, "Hold": 0, "Sell": -1, "Strong Sell": -1}[verdict]


def band(score: float) -> str:
    low = min(90, int(score // 10) * 10)
    return f"{low}-{low + 10}"


def counted(group: Iterable[Followed], n: int) -> list[Followed]:
    """Of verdicts that share sessions with an earlier one that counts, none."""
    kept: list[Followed] = []
    ends: dict[str, date] = {}
    for one in sorted(group, key=lambda one: one.case.session):
        ticker = one.case.ticker
        if n in one.returns and (ticker not in ends or one.case.session >= ends[ticker]):
            ends[ticker] = one.sessions[n]
            kept.append(one)
    return kept


def horizon(group: list[Followed], everybody: list[Followed], n: int, *, signed: bool) -> dict[str, float | None]:
    kept = counted(group, n)

    def turned(one: Followed) -> int:
        return sign(one.case.verdict) if signed else 1

    def base(one: Followed) -> float:
        return fmean(o.returns[n] for o in everybody if o.case.session == one.case.session and n in o.returns)

    directed = [one for one in kept if sign(one.case.verdict)]
    hits = [one.returns[n] * sign(one.case.verdict) > 0 for one in directed]
    returns = [turned(one) * one.returns[n] for one in kept]
    return {
        "count": sum(n in one.returns for one in group),
        "counted": len(kept),
        "days": len({one.case.session for one in kept}),
        "hit_rate": fmean(hits) if hits else None,
        "mean": fmean(returns) if returns else None,
        "median": median(returns) if returns else None,
        "base_mean": fmean(turned(one) * base(one) for one in kept) if kept else None,
    }


def levels(group: list[Followed]) -> dict[str, float] | None:
    touches = [one.touch for one in counted(group, 20) if one.touch]
    if not touches:
        return None
    shares = {touch: touches.count(touch) / len(touches) for touch in ("stop", "target", "neither")}
    return {"counted": len(touches), **shares}


def records(cases: Iterable[Case], bars: Mapping[str, Bars]) -> dict[str, dict[object, object]]:
    """By the name of each group, its horizons by number and its levels under `levels`."""
    rows = {ticker: rows_of(found) for ticker, found in bars.items()}
    everybody = [followed(case, rows[case.ticker]) for case in cases]
    groups: dict[str, list[Followed]] = {"all": [one for one in everybody if sign(one.case.verdict)]}
    for one in everybody:
        groups.setdefault(str(one.case.verdict), []).append(one)
        groups.setdefault(band(one.case.score), []).append(one)
    return {
        name: {
            **{n: horizon(group, everybody, n, signed=name == "all") for n in HORIZONS},
            "levels": levels(group),
        }
        for name, group in groups.items()
    }
